import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldsInPing, ownProtocol, stepOf, type OwnStep } from '../../src/buyers/ownProtocol.js';
import { sendPing, type Ping, type PingResult } from '../../src/buyers/ping.js';
import { sendCancellation, sendPost, type Post, type PostResult } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { askStatus } from '../../src/buyers/status.js';
import type { Protocol } from '../../src/market/model/protocol.js';
import { PRESETS } from '../../src/market/protocol/presets/presets.js';
import { packageRoot } from '../../src/packageRoot.js';
import { LEAD, readRecording, type RecordedAnswer, type Recording } from '../market/protocol/recordings.js';
import { namesNobody } from '../support/namesNobody.js';

interface Request {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  afterMs?: number;
}

/** A buyer's server with any protocol. */
let answer: (request: Request) => Answer = () => ({});
let requests: Request[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    const received = { method, url, headers, body: Buffer.concat(chunks).toString() };
    requests.push(received);
    const { status = 200, headers: sent = {}, body = '', afterMs = 0 } = answer(received);
    setTimeout(() => response.writeHead(status, sent).end(body), afterMs);
  });
});
const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/leads`;
});
afterAll(async () => {
  await close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
});

const PING: Ping = {
  ...{ pingId: 'ping-1', category: 'Auto Insurance', round: 1, floor: 1000, currency: 'USD', test: false },
  ...{ fields: {}, lead: { zip: '75201', state: 'TX' } },
};
const POST: Post = {
  ...{ postId: 'post-1', pingId: 'ping-1', leadId: 'lead-1', price: 4000, currency: 'USD', exclusive: true },
  ...{ test: false, receivedAt: new Date(), lead: LEAD },
};

function step(protocol: Protocol, name: OwnStep['step'], secrets: Record<string, string> = {}): OwnStep {
  const endpoint = { url, timeoutMs: 300 };
  const buyer = { id: 'northwind', ping: endpoint, post: endpoint, status: endpoint, protocol };
  const own = ownProtocol({ ...buyer, secrets: (secret) => secrets[secret] }, undefined);
  const found = stepOf(own, name);
  if (found === undefined) throw new Error(`The protocol has no ${name}`);
  return found;
}

const endpoint = (own: OwnStep) => ({ url, timeoutMs: 300, secret: 'unused', own });
const pingBy = (own: OwnStep, ping = PING): Promise<PingResult> =>
  sendPing(send, endpoint(own), ping, namesNobody);
const postBy = (own: OwnStep, post = POST): Promise<PostResult> =>
  sendPost(send, endpoint(own), post, namesNobody);

/** What a result says, in the words of the recordings. */
function pinged(result: PingResult): string {
  if ('bid' in result) return 'bid';
  return result.noBid.reason === 'no_bid' ? 'noBid' : 'unclear';
}
function posted(result: PostResult): string {
  if (result.answer !== 'uncertain') return result.answer;
  return result.pending ? 'pending' : 'unclear';
}

const folder = join(packageRoot, 'test/market/protocol/presets');
const recordings = readdirSync(folder).map((file): { preset: string; recording: Recording } => ({
  preset: file.replace(/\.yaml$/, ''),
  recording: readRecording(readFileSync(join(folder, file), 'utf8')),
}));

function presetSteps(preset: string, { values, secrets }: Recording) {
  const protocol: Protocol = { preset, values };
  // The token comes from the same server.
  if (preset === 'oauth2-json') {
    const request = { auth: { oauth2: { tokenUrl: `${url}/token` } } };
    Object.assign(protocol, { ping: { request }, post: { request } });
  }
  const known = PRESETS[preset] ?? {};
  return {
    ping: known.ping && step(protocol, 'ping', secrets),
    post: known.post && step(protocol, 'post', secrets),
    status: known.status && step(protocol, 'status', secrets),
  };
}

const TOKEN: Answer = {
  headers: { 'content-type': 'application/json' },
  body: '{"access_token":"T","expires_in":3600}',
};

function says(said: Answer): void {
  answer = (request) => (request.url.endsWith('/token') ? TOKEN : said);
}

const withoutLength = ({ status, headers, body }: RecordedAnswer): Answer => ({ status, headers, body });

describe.each(recordings)('A buyer that speaks $preset', ({ preset, recording }) => {
  test.each(Object.entries(recording.answers))('is understood: %s', async (_, recorded) => {
    says(withoutLength(recorded));
    const { ping, post } = presetSteps(preset, recording);
    const { step: name, means, bid, id } = recorded.expect;
    if (name === 'ping' && ping !== undefined) {
      const result = await pingBy(ping);
      expect(pinged(result)).toBe(means);
      if ('bid' in result)
        expect([result.bid.price, result.bid.bidId]).toEqual([Math.round(Number(bid) * 100), id]);
    } else if (post !== undefined) {
      const result = await postBy(post);
      // A first post can't be a duplicate of itself.
      expect(posted(result)).toBe(means === 'duplicate' ? 'refused' : means);
      if (result.answer === 'accepted') expect(result.buyerLeadId).toBe(id);
    }
  });

  test.each<[string, Answer]>([
    ['too late', { afterMs: 500 }],
    [
      'with a page of HTML',
      { headers: { 'content-type': 'text/html' }, body: '<html><h1>Success: accepted</h1>' },
    ],
    ['with bytes', { headers: { 'content-type': 'application/json' }, body: '\0\x01\xff{]' }],
    ['with nothing', {}],
    ['that it fails', { status: 500, body: '{"status":"ACCEPTED"}' }],
    ['that it is busy', { status: 429 }],
    ['with a redirect', { status: 302, headers: { location: '/elsewhere' } }],
  ])('says neither yes nor no %s', async (_, said) => {
    says(said);
    const { ping, post } = presetSteps(preset, recording);
    if (ping !== undefined) expect(pinged(await pingBy(ping))).toBe('unclear');
    if (post !== undefined) expect(posted(await postBy(post))).toBe('unclear');
    expect(requests.map((request) => request.url)).not.toContain('/elsewhere');
  });
});

const JSON_PROTOCOL: Protocol = {
  ping: {
    request: { json: { zip: '{{ lead.zip }}', age: '{{ lead.age }}' }, headers: { 'X-Id': '{{ ping_id }}' } },
    answer: {
      bid: { at: 'price' },
      id: { at: 'id' },
      bidWhen: { at: 'ok', is: true },
      noBidWhen: { at: 'ok', is: false },
      capture: { token: { at: 'token' } },
    },
  },
  post: {
    request: {
      json: { id: '{{ ping.id }}', of: '{{ ping.answer.nested.of }}', token: '{{ ping.capture.token }}' },
    },
    answer: {
      acceptedWhen: { at: 'ok', is: true },
      refusedWhen: { at: 'ok', is: false },
      duplicateWhen: { at: 'ok', is: 'duplicate' },
      pendingWhen: { at: 'ok', is: 'queued' },
      id: { at: 'id' },
      redirect: { at: 'go' },
    },
  },
  status: {
    request: { query: { id: '{{ post.id }}' } },
    answer: { acceptedWhen: { at: 'ok', is: true }, refusedWhen: { at: 'ok', is: false } },
  },
};

describe('In a buyer’s own protocol', () => {
  test('the post has what the buyer said to the ping', async () => {
    says({ body: '{"ok":true,"price":12.5,"id":"b-1","nested":{"of":7},"token":"t"}' });
    const result = await pingBy(step(JSON_PROTOCOL, 'ping'));
    expect(result).toMatchObject({
      bid: { price: 1250, bidId: 'b-1' },
      kept: { id: 'b-1', capture: { token: 't' } },
    });
    await postBy(step(JSON_PROTOCOL, 'post'), { ...POST, pinged: result.kept });
    expect(JSON.parse(requests[1]?.body ?? '')).toEqual({ id: 'b-1', of: 7, token: 't' });
  });

  test('an answer that the post needs is not used if it is too large to be kept', async () => {
    says({ body: JSON.stringify({ ok: true, price: 12.5, pad: 'x'.repeat(17_000) }) });
    expect(await pingBy(step(JSON_PROTOCOL, 'ping'))).toMatchObject({
      noBid: { reason: 'invalid_response', detail: 'the answer is over 16 KiB, and the post needs it' },
    });
  });

  test('an answer that is nested too deep to be kept is no bid', async () => {
    says({ body: `{"ok":true,"price":12.5,"nested":${'['.repeat(30_000)}${']'.repeat(30_000)}}` });
    expect(pinged(await pingBy(step(JSON_PROTOCOL, 'ping')))).toBe('unclear');
  });

  test('requests are unsigned, uncompressed, and have the template’s headers', async () => {
    says({ body: '{"ok":false}' });
    await pingBy(step(JSON_PROTOCOL, 'ping'));
    const { headers = {} } = requests[0] ?? {};
    expect(headers).toMatchObject({ 'x-id': 'ping-1', 'accept-encoding': 'identity', 'user-agent': 'Gavel' });
    expect(Object.keys(headers).filter((name) => name.startsWith('webhook'))).toEqual([]);
  });

  test('a ping has only what a ping may have, whatever its template names', () => {
    const lead = { fields: { ...LEAD, zip: '75201-1234', age: '41', phone_2: '2145550187' }, state: 'TX' };
    const names = ['zip', 'age', 'firstName', 'phone', 'email', 'lastName'];
    expect(fieldsInPing(lead, names, undefined)).toEqual({
      zip: '75201',
      city: 'Dallas',
      state: 'TX',
      age: '41',
    });
  });

  test('a duplicate is a refusal, unless the post was sent before', async () => {
    says({ body: '{"ok":"duplicate"}' });
    const own = step(JSON_PROTOCOL, 'post');
    expect(await postBy(own)).toMatchObject({ answer: 'refused', detail: 'duplicate' });
    expect(await postBy(own, { ...POST, isAgain: true })).toMatchObject({ answer: 'uncertain' });
  });

  test('a queued post is asked about by the buyer’s id', async () => {
    says({ body: '{"ok":"queued","id":"q-1"}' });
    const result = await postBy(step(JSON_PROTOCOL, 'post'));
    expect(result).toMatchObject({ answer: 'uncertain', pending: true, pendingId: 'q-1' });
    says({ body: '{"ok":true}' });
    const scope = { lead: LEAD, terms: {}, post: { id: 'q-1' }, currency: 'USD', test: false };
    const own = { ...step(JSON_PROTOCOL, 'status'), scope };
    const status = await askStatus(
      send,
      { url, timeoutMs: 300, secret: 'unused', own },
      'post-1',
      namesNobody,
    );
    expect(status).toMatchObject({ status: 'accepted' });
    expect(requests[1]).toMatchObject({ method: 'GET', url: '/leads?id=q-1' });
  });

  test('an address for the person is passed on only if it is https', async () => {
    const own = step(JSON_PROTOCOL, 'post');
    says({ body: '{"ok":true,"go":"https://buyer.example/thanks"}' });
    expect(await postBy(own)).toMatchObject({ redirectUrl: 'https://buyer.example/thanks' });
    says({ body: '{"ok":true,"go":"http://buyer.example/"}' });
    expect(await postBy(own)).toMatchObject({
      answer: 'accepted',
      redirectUrl: undefined,
      detail: 'redirect is not an https address and was not kept',
    });
  });

  test('no cancel notice is sent', async () => {
    const notice = { postId: 'post-1', leadId: 'lead-1' };
    const delivery = await sendCancellation(send, endpoint(step(JSON_PROTOCOL, 'post')), notice);
    expect(delivery).toMatchObject({ delivered: false, final: true });
    expect(requests).toEqual([]);
  });

  test('nothing is sent without its secret, and the result names it', async () => {
    const request = { json: { key: '{{ secret.KEY }}' } };
    const own = step({ ...JSON_PROTOCOL, post: { ...JSON_PROTOCOL.post, request } }, 'post');
    expect(await postBy(own)).toMatchObject({
      answer: 'uncertain',
      detail: 'the post was not sent: the secret KEY is not stored',
    });
    expect(requests).toEqual([]);
  });
});

describe('OAuth 2.0', () => {
  let tokens = 0;
  let refusals = 0;
  const client = (id: string): Protocol => ({
    post: {
      ...JSON_PROTOCOL.post,
      request: {
        json: {},
        auth: {
          oauth2: {
            tokenUrl: `${url}/token`,
            clientId: id,
            clientSecret: '{{ secret.CLIENT }}',
            scope: 'leads:write',
          },
        },
      },
    },
  });
  const own = (id: string) => step(client(id), 'post', { CLIENT: 's+cret/42' });
  beforeEach(() => {
    [tokens, refusals] = [0, 0];
    answer = (request) => {
      if (request.url.endsWith('/token')) {
        tokens += 1;
        return { ...TOKEN, body: `{"access_token":"T${tokens}","expires_in":3600}`, afterMs: 20 };
      }
      if (refusals > 0) {
        refusals -= 1;
        return { status: 401, body: '{}' };
      }
      return { body: '{"ok":true}' };
    };
  });

  test('a token is fetched once for posts at the same time and after it', async () => {
    const first = await Promise.all([postBy(own('a')), postBy(own('a')), postBy(own('a'))]);
    expect(first.map(({ answer: said }) => said)).toEqual(['accepted', 'accepted', 'accepted']);
    await postBy(own('a'));
    expect(tokens).toBe(1);
    const [token] = requests;
    expect(token).toMatchObject({
      method: 'POST',
      body: 'grant_type=client_credentials&scope=leads%3Awrite',
    });
    expect(token?.headers.authorization).toBe(`Basic ${Buffer.from('a:s%2Bcret%2F42').toString('base64')}`);
    expect(requests.at(-1)?.headers.authorization).toBe('Bearer T1');
  });

  test('a refused token is replaced once', async () => {
    refusals = 1;
    expect(await postBy(own('b'))).toMatchObject({ answer: 'accepted' });
    expect([tokens, requests.at(-1)?.headers.authorization]).toEqual([2, 'Bearer T2']);
    refusals = 2;
    expect(await postBy(own('b'))).toMatchObject({ answer: 'uncertain' });
    expect(tokens).toBe(3);
  });

  test('a failing token server is the buyer unreachable, and no lead is sent', async () => {
    answer = () => ({ status: 503 });
    expect(await postBy(own('c'))).toMatchObject({ answer: 'uncertain', detail: 'no token: HTTP 503' });
    expect(requests.map((request) => request.url)).toEqual(['/leads/token']);
  });
});
