import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSender } from '../../src/buyers/send.js';
import { NO_CONTRACT, testBuyer, type TestTerms } from '../../src/buyers/testBuyer.js';
import type { Buyer } from '../../src/market/model/market.js';
import { startBuyer, type Behaviours, type FakeBuyer, type RequestType } from '../support/buyer.js';
import { makeCertificates } from '../support/certificates.js';
import { openTlsProxy } from '../support/tlsProxy.js';

const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
afterAll(close);

/** A server as required by docs/buyer.md: it checks signatures and remembers posts. */
const SOUND: Partial<Record<RequestType, Behaviours>> = {
  ping: ({ signed }) => (signed ? { body: { bid: 20 } } : { status: 401 }),
  post: ({ signed, body }) =>
    signed ? { body: { accepted: true, buyer_lead_id: body.post_id } } : { status: 401 },
  post_status: { body: { accepted: true } },
};

describe('a test of a buyer’s server', () => {
  let server: FakeBuyer;
  beforeAll(async () => {
    server = await startBuyer();
  });
  afterAll(() => server.close());

  interface Test {
    answers?: Partial<Record<RequestType, Behaviours>>;
    buyer?: Partial<Buyer>;
    terms?: TestTerms;
    withPost?: boolean;
    url?: string;
  }

  /** The result of each check for a correct server with the given deviations. */
  async function tested({ answers = {}, buyer, terms = NO_CONTRACT, withPost = true, url }: Test = {}) {
    server.received.length = 0;
    for (const [type, behaviours] of Object.entries({ ...SOUND, ...answers }))
      server.answer(type as RequestType, behaviours);
    const at = { url: url ?? server.url, timeoutMs: 500 };
    const addresses = { ping: at, post: at, status: at, notices: { ...at, events: ['won' as const] } };
    const under = { id: 'northwind', ...addresses, secret: server.secret, ...buyer };
    const { verdicts } = await testBuyer(send, under, terms, { withPost });
    return Object.fromEntries(verdicts.map(({ check, result, says }) => [check, `${result}: ${says}`]));
  }

  test('reports no error for a correct server, and sends it a fictional person', async () => {
    const { host } = new URL(server.url);
    const timely = expect.stringMatching(/^ok: answered after \d+ of 500 ms$/) as string;
    const plain = `warning: connected to ${host} without TLS; use https, because posts carry personal data`;
    expect(await tested()).toEqual({
      'ping: connection': plain,
      'ping: time': timely,
      'ping: answer': 'ok: a bid of $20.00',
      'ping: wrong signature': 'ok: refused with HTTP 401',
      'post: connection': plain,
      'post: time': timely,
      'post: answer': 'ok: accepted',
      'post: sent again': 'ok: the same post_id was answered the same: accepted',
      'post: wrong signature': 'ok: refused with HTTP 401',
      'status question': 'ok: answered as the post was: accepted',
      'notice: won': 'ok: delivered: HTTP 200',
    });
    const sent = server.received.map(({ type, signed }) => `${type}${signed ? '' : ' unsigned'}`);
    expect(sent).toEqual(['ping', 'ping unsigned', 'post', 'post', 'post unsigned', 'post_status', 'won']);
    const [ping, , post] = server.received.map(({ body }) => body);
    expect(ping).toMatchObject({ test: true, state: 'TX', zip: '75001', floor: 1 });
    expect(post).toMatchObject({
      ...{ test: true, ping_id: ping?.ping_id, price: 20 },
      lead: { firstName: 'Test', lastName: 'Lead', email: 'test.lead@example.com' },
    });
    expect(server.of('won')[0]?.body).toMatchObject({ post_id: post?.post_id, lead_id: post?.lead_id });
  });

  test('sends no lead unless requested', async () => {
    expect(Object.keys(await tested({ withPost: false }))).toHaveLength(4);
    expect(server.received.map(({ type }) => type)).toEqual(['ping', 'ping']);
  });

  test.each<[what: string, answers: Test['answers'], check: string, says: string]>([
    [
      'a bid in quotes',
      { ping: { body: { bid: '45.00' } } },
      'ping: answer',
      'failed: invalid_response: bid is a string ("45.00"); send a number without quotes',
    ],
    [
      'too many decimals',
      { ping: { body: { bid: 45.001 } } },
      'ping: answer',
      'failed: invalid_response: bid has too many decimals (45.001); USD has 2',
    ],
    [
      'a key that is ignored',
      { ping: { body: { bid: 20, expires_in_ms: 'soon' } } },
      'ping: answer',
      'warning: a bid of $20.00; expires_in_ms is a string; ignored',
    ],
    [
      'a bid below the floor',
      { ping: { body: { bid: 0.5 } } },
      'ping: answer',
      'warning: a bid of $0.50, below the floor of $1.00',
    ],
    [
      'a bid that expires at once',
      { ping: { body: { bid: 20, expires_in_ms: 0 } } },
      'ping: answer',
      'failed: invalid_response: the bid expires after 0 ms, before a post can be sent; expires_in_ms is in milliseconds',
    ],
    [
      'a bid that expires in seconds which were meant as more',
      { ping: { body: { bid: 20, expires_in_ms: 600 } } },
      'ping: answer',
      'warning: a bid of $20.00 that expires after 600 ms; expires_in_ms is in milliseconds, and other buyers may take longer to answer',
    ],
    [
      'a no in own words',
      { ping: { body: { bid: 0, reason: 'no cover in TX today' } } },
      'ping: answer',
      'ok: no bid (no cover in TX today)',
    ],
    ['no bid', { ping: { status: 204 } }, 'ping: answer', 'ok: no bid'],
    [
      'a refused signature',
      { ping: { status: 401 } },
      'ping: answer',
      'failed: HTTP 401: the right signature was refused; compare the buyer’s secret with `gavel secrets show --buyer northwind`',
    ],
    [
      'a wrong path',
      { ping: { status: 404 } },
      'ping: answer',
      'failed: HTTP 404: check the path of the address',
    ],
    ['a server error', { ping: { status: 500 } }, 'ping: answer', 'failed: http_error: HTTP 500'],
    ['a slow answer', { ping: { after: 900 } }, 'ping: time', 'failed: no answer within 500 ms'],
    [
      'signatures that nobody checks',
      { ping: { body: { bid: 20 } } },
      'ping: wrong signature',
      'warning: answered with HTTP 200; check signatures and answer 401, or anybody can send you leads',
    ],
    [
      'a post answered with a string',
      { post: { body: { accepted: 'true' } } },
      'post: answer',
      'failed: neither yes nor no: accepted is a string ("true"); send true or false without quotes',
    ],
    [
      'a refusal',
      { post: { body: { accepted: false, reason: 'duplicate' } } },
      'post: answer',
      'ok: refused: duplicate',
    ],
    [
      'posts that are not remembered',
      { post: [{ body: { accepted: true } }, { body: { accepted: false } }] },
      'post: sent again',
      'failed: the same post_id was first accepted and then refused; remember post_ids and answer the same',
    ],
    [
      'a lead taken twice',
      { post: [1, 2].map((id) => ({ body: { accepted: true, buyer_lead_id: id } })) },
      'post: sent again',
      'failed: the same post_id was accepted with another buyer_lead_id; remember post_ids, or leads are taken twice',
    ],
    [
      'a status address that has forgotten',
      { post_status: { body: { accepted: null } } },
      'status question',
      'failed: the post was accepted, and the answer says that it does not know the post',
    ],
    [
      'a status address that answers with a string',
      { post_status: { body: { accepted: 'true' } } },
      'status question',
      'failed: accepted is a string ("true"); send true or false without quotes',
    ],
    [
      'notices that are refused',
      { won: { status: 404 } },
      'notice: won',
      'failed: not delivered: HTTP 404; answer any 2xx',
    ],
  ])('names %s', async (_what, answers, check, says) => {
    expect(await tested({ answers })).toMatchObject({ [check]: says });
  });

  test('does not use a bid above the ceiling of the contract', async () => {
    const answers = { ping: { body: { bid: 100.01 } } };
    const terms = { ...NO_CONTRACT, contract: { ceiling: 10_000 } };
    expect(await tested({ answers, terms })).toMatchObject({
      'ping: answer': 'failed: invalid_response: bid is above the ceiling of $100.00 that the contract names',
    });
  });

  test('reports an unreachable server and sends nothing more', async () => {
    const away = await startBuyer();
    await away.close();
    const found = await tested({ url: away.url });
    expect(Object.keys(found)).toEqual(['ping', 'post']);
    expect(found.ping).toBe(
      `failed: no connection to ${new URL(away.url).host} (ECONNREFUSED): check the address, and the firewall of the buyer`,
    );
    expect((await tested({ url: 'http://127.0.0.1:1/' })).ping).toBe(
      'failed: no connection to 127.0.0.1:1 (port not allowed: 1; see OUTBOUND_PORTS): the settings of the exchange do not allow this address',
    );
  });

  test('reports an untrusted certificate', async () => {
    const certificates = makeCertificates('127.0.0.1');
    const proxy = await openTlsProxy(new URL(server.url).host, certificates);
    try {
      const found = await tested({ url: `https://127.0.0.1:${proxy.port}/`, withPost: false });
      expect(found.ping).toMatch(
        /^failed: no connection to .*: its TLS certificate is not valid; install one/,
      );
    } finally {
      await proxy.close();
      certificates.remove();
    }
  });

  test('handles an unclear post like a real one: retries it and asks for its status', async () => {
    let posts = 0;
    const post: Behaviours = ({ signed }) => {
      if (!signed) return { status: 401 };
      posts += 1;
      return posts === 1 ? { status: 500 } : { body: { accepted: true } };
    };
    const found = await tested({ answers: { post, won: {} } });
    expect(found).toMatchObject({
      'post: answer': 'failed: neither yes nor no: HTTP 500',
      'post: sent again': 'ok: accepted, after a first answer that was unclear',
      'status question': 'ok: answered as the post was: accepted',
      'notice: won': 'ok: delivered: HTTP 200',
    });
    expect(new Set(server.of('post').map(({ body }) => body.post_id)).size).toBe(1);
  });

  test('cancels a post that stays unclear, and names the error in the notice', async () => {
    const at = { url: server.url, timeoutMs: 500 };
    const found = await tested({
      answers: { post: { body: { accepted: 'yes' } }, post_status: { body: { accepted: null } } },
      buyer: { notices: { ...at, events: ['won', 'unused'] } },
    });
    const slip = 'accepted is a string ("yes"); send true or false without quotes';
    expect(found).toMatchObject({
      'post: answer': `failed: neither yes nor no: ${slip}`,
      'post: sent again': `failed: neither yes nor no: ${slip}`,
      'post: wrong signature':
        'warning: answered with HTTP 200; check signatures and answer 401, or anybody can send you leads',
      'status question': 'ok: the post was unclear, and the answer says that it does not know the post',
      'cancel notice': 'ok: delivered, because the post stayed unclear: HTTP 200',
      'notice: unused': 'ok: delivered: HTTP 200',
    });
    expect(server.of('unused')[0]?.body).toMatchObject({ reason: 'uncertain', detail: slip, test: true });
  });

  test('distinguishes a broken answer from an unreachable server', async () => {
    expect(await tested({ answers: { ping: { hangUp: true } }, withPost: false })).toMatchObject({
      'ping: connection': expect.stringContaining('connected to') as string,
      'ping: answer':
        'failed: the connection was closed before the whole answer; send a whole HTTP/1.1 answer before you close the connection',
    });
  });

  test('checks signatures of posts for a buyer that is not pinged', async () => {
    const found = await tested({ buyer: { ping: undefined, status: undefined, notices: undefined } });
    expect(Object.keys(found)).toEqual([
      ...['post: connection', 'post: time', 'post: answer', 'post: sent again', 'post: wrong signature'],
    ]);
    expect(found['post: wrong signature']).toBe('ok: refused with HTTP 401');
  });

  test('uses the terms of a contract: its floor, its state and its fields', async () => {
    const terms: TestTerms = {
      campaign: {
        ...NO_CONTRACT.campaign,
        ...{ category: 'Solar', currency: 'JPY', required: ['roof'] },
        fields: { roof: { type: 'enum', values: [{ value: 'flat', labels: [] }] } },
      },
      contract: {
        ...{ states: ['CA'], floor: 4000 },
        ping: { fields: ['roof', 'age'], hashes: ['phone'] },
      },
    };
    expect(await tested({ terms, answers: { ping: { body: { bid: 4500.5 } } } })).toMatchObject({
      'ping: answer': 'failed: invalid_response: bid has too many decimals (4500.5); JPY has none',
    });
    const [ping] = server.of('ping').map(({ body }) => body);
    expect(ping).toMatchObject({
      ...{ category: 'Solar', state: 'CA', floor: 4000, currency: 'JPY' },
      fields: { roof: 'flat', age: 'sample' },
      phone_hash: expect.stringMatching(/^[0-9a-f]{4}$/) as string,
    });
    expect(server.of('post')[0]?.body).toMatchObject({ price: 4000, lead: { roof: 'flat', state: 'CA' } });
  });
});
