import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openSender } from '../../src/buyers/send.js';
import { verifyBuyer, type Report } from '../../src/buyers/verify/verifyBuyer.js';
import {
  startBuyer,
  type Behaviour,
  type Behaviours,
  type FakeBuyer,
  type Received,
  type RequestType,
} from '../support/buyer.js';

const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
afterAll(close);

const REFUSED = { status: 401, body: {} };
const signedOnly =
  (answer: (received: Received) => object): Behaviours =>
  (received) =>
    received.signed ? { body: answer(received) } : REFUSED;

describe('The test suite of the buyer protocol', () => {
  let server: FakeBuyer;
  const posts = new Map<unknown, object>();
  const answerOf = ({ body }: Received): object => posts.get(body.post_id) ?? { accepted: null };

  /** A server as docs/buyer.md wants it. */
  const SOUND: Partial<Record<RequestType, Behaviours>> = {
    ping: signedOnly(({ body }) => ({ bid: Number(body.floor) > 20 ? 0 : 20 })),
    post: signedOnly(({ body }) => {
      const taken = { accepted: true, buyer_lead_id: `id-${posts.size}` };
      if (!posts.has(body.post_id)) posts.set(body.post_id, taken);
      return posts.get(body.post_id) ?? taken;
    }),
    post_status: signedOnly(answerOf),
    post_cancelled: signedOnly(({ body }) => {
      posts.set(body.post_id, { accepted: false });
      return {};
    }),
    digest: signedOnly(() => ({})),
  };

  beforeEach(async () => {
    posts.clear();
    server = await startBuyer({ ...SOUND, ['of_a_later_version' as RequestType]: { body: {} } });
    return () => server.close();
  });

  interface Run {
    answers?: Partial<Record<RequestType, Behaviours>>;
    isPinged?: boolean;
    url?: string;
    pingTimeoutMs?: number;
    otherTimeoutMs?: number;
  }

  async function verified({
    answers = {},
    isPinged = true,
    url = server.url,
    pingTimeoutMs = 1500,
    otherTimeoutMs = 1500,
  }: Run = {}) {
    for (const [type, behaviours] of Object.entries(answers)) server.answer(type as RequestType, behaviours);
    return verifyBuyer(send, {
      urls: { ping: url, post: url, status: url, notices: url },
      secret: server.secret,
      isPinged,
      category: 'Solar',
      lead: { roof: 'flat' },
      timeoutMs: { ping: pingTimeoutMs, other: otherTimeoutMs },
    });
  }

  const failuresOf = ({ checks }: Report): string[] =>
    checks.filter(({ result }) => result === 'failed').map(({ check }) => check);

  test('passes a sound server, and sends it nothing but test leads of a fictional person', async () => {
    const found = await verified();
    expect(failuresOf(found)).toEqual([]);
    expect(found.checks.every(({ result }) => result === 'passed')).toBe(true);
    expect(server.of('ping').every(({ body }) => body.test === true && body.category === 'Solar')).toBe(true);
    expect(server.of('post').every(({ body }) => body.test === true)).toBe(true);
    expect(server.of('post')[0]?.body).toMatchObject({
      lead: { phone: '+12145550101', email: 'test.lead+1@example.com', roof: 'flat' },
    });
  });

  test('sends no ping to a buyer with a fixed price', async () => {
    const found = await verified({ isPinged: false });
    expect(failuresOf(found)).toEqual([]);
    expect(server.of('ping')).toEqual([]);
  });

  test('passes a server that refuses another lead of the same phone number or e-mail address', async () => {
    const known = new Map<unknown, unknown>();
    const answers = new Map<unknown, object>();
    const post = signedOnly(({ body }) => {
      const { phone, email } = body.lead as Record<string, unknown>;
      const contacts = [phone, email].filter((one) => one !== undefined);
      const isTaken = contacts.some((one) => known.has(one) && known.get(one) !== body.post_id);
      for (const one of contacts) if (!isTaken) known.set(one, body.post_id);
      const answer = isTaken ? { accepted: false, reason: 'duplicate' } : { accepted: true };
      if (!answers.has(body.post_id)) answers.set(body.post_id, answer);
      return answers.get(body.post_id) ?? answer;
    });
    const post_status = signedOnly(({ body }) => answers.get(body.post_id) ?? { accepted: null });
    const post_cancelled = signedOnly(({ body }) => {
      answers.set(body.post_id, { accepted: false });
      return {};
    });
    const { checks } = await verified({ answers: { post, post_status, post_cancelled } });
    expect(checks.filter(({ result }) => result !== 'passed')).toEqual([]);
  });

  test('finds a server that checks no signature', async () => {
    const failed = failuresOf(await verified({ answers: { ping: { body: { bid: 0 } } } }));
    expect(failed).toEqual([
      'ping: refused without signature',
      'ping: refused signed with another secret',
      'ping: refused changed after it was signed',
      'ping: refused with another webhook-id than signed',
      'ping: refused signed ten minutes ago',
    ]);
  });

  test('finds a server that sells a lead twice, and says what to do', async () => {
    let count = 0;
    const post = signedOnly(() => ({ accepted: true, buyer_lead_id: (count += 1) }));
    const found = await verified({ answers: { post, post_status: { status: 404 } } });
    expect(failuresOf(found)).toEqual([
      'post: sent again',
      'post: sent again at the same time',
      'cancel notice',
    ]);
    expect(found.checks.find(({ check }) => check === 'post: sent again')).toMatchObject({
      sent: 'the same post twice, with the same post_id',
      came: expect.stringMatching(/^first HTTP 200 \{"accepted":true,.*, then HTTP 200/) as string,
      remedy: expect.stringMatching(/^store each post_id before you take the lead/) as string,
    });
  });

  test.each<[string, Run['answers'], string[], string, number?]>([
    [
      'a bid in quotes',
      { ping: signedOnly(() => ({ bid: '20.00' })) },
      ['ping: answered'],
      'bid is a string ("20.00"); send a number without quotes',
    ],
    [
      'a bid below the floor',
      { ping: signedOnly(() => ({ bid: 20 })) },
      ['ping: high floor'],
      'a bid below floor can’t win: answer {"bid": 0}, or bid at least the floor',
    ],
    [
      'slow pings',
      { ping: (received) => (received.signed ? { after: 500, body: { bid: 0 } } : REFUSED) },
      ['ping: answered'],
      'answer within respond_within_ms; later bids are not used',
      200,
    ],
    [
      'unknown keys that are refused',
      {
        ping: (received) =>
          received.signed ? ('a_new_key' in received.body ? { status: 500 } : { body: { bid: 0 } }) : REFUSED,
      },
      ['ping: unknown keys ignored'],
      'ignore keys that you don’t know; later versions of the protocol may add some',
    ],
    [
      'a crash without a phone number',
      {
        post: (received) =>
          !received.signed
            ? REFUSED
            : 'phone' in (received.body.lead as object)
              ? { body: { accepted: true } }
              : { status: 500 },
        post_status: { status: 404 },
        post_cancelled: { status: 404 },
      },
      ['post: incomplete lead'],
      'refuse what you can’t use: 200 {"accepted": false, "reason": "incomplete"}',
    ],
    [
      'a status address that forgets',
      { post_status: signedOnly(() => ({ accepted: null })) },
      ['status question: known post'],
      'the post was answered with accepted; answer the question the same',
    ],
    [
      'a cancelled post that stays sold',
      { post_cancelled: signedOnly(() => ({})) },
      ['cancel notice'],
      'drop the lead: after the notice it is not yours, so answer {"accepted": false}',
    ],
    [
      'a cancelled post that is forgotten',
      {
        post_cancelled: signedOnly(({ body }) => {
          posts.delete(body.post_id);
          return {};
        }),
      },
      ['cancel notice'],
      'keep the post_id of a cancelled post, and refuse the post if it comes again',
    ],
    [
      'a bid in another currency',
      { ping: signedOnly(() => ({ bid: 200_000, currency: 'EUR' })) },
      ['ping: answered'],
      'the bid counts in USD, the currency of the ping; another one is ignored',
    ],
    [
      'a notice that fails',
      { won: { status: 500 } },
      ['notice: won'],
      'answer any 2xx; otherwise the notice is sent again',
    ],
  ])('finds %s', async (_what, answers, checks, remedy, pingTimeoutMs) => {
    const found = await verified({ answers, pingTimeoutMs });
    expect(failuresOf(found)).toEqual(checks);
    expect(found.checks.find(({ result }) => result === 'failed')?.remedy).toBe(remedy);
  });

  test('skips optional messages that the server declines', async () => {
    const answers = { post_status: { status: 404 }, post_cancelled: { status: 404 }, won: { status: 404 } };
    const found = await verified({ answers });
    expect(failuresOf(found)).toEqual([]);
    expect(found.checks.filter(({ result }) => result === 'skipped').map(({ check }) => check)).toEqual([
      'status question: known post',
      'status question: unknown post',
      'cancel notice',
      'cancel notice: unknown post',
      'notice: won',
    ]);
  });

  test.each<[string, Behaviour | 'no server', string]>([
    ['has no server', 'no server', 'check the address and whether the server runs'],
    ['has another secret', REFUSED, 'the request is signed with GAVEL_SECRET: give your server the same'],
    ['redirects', { status: 301, headers: { location: '/x' } }, 'redirects are not followed: register the'],
    ['fails', { status: 500 }, 'your server failed: see its log'],
    ['asks to come later', { status: 429 }, 'it counts as a failure of your server: don’t limit the'],
    ['has another path', { status: 404 }, 'check the path of the address'],
    ['shows a page', { raw: '<html>' }, 'not JSON: an HTML page; send {"bid": 45.00}'],
    ['says nothing', { raw: '' }, 'not JSON: the body is empty; send {"bid": 45.00}'],
    ['says too much', { raw: 'x'.repeat(70_000) }, 'answer over 64 KiB; send only the keys of docs/buyer.md'],
    [
      'hangs up',
      { hangUp: true },
      'the connection was closed before the whole answer; send a whole HTTP/1.1',
    ],
    ['is slow', { after: 300, body: {} }, 'answer within respond_within_ms; later bids are not used'],
  ])(
    'says once what is wrong with a server that %s, and sends it nothing more',
    async (_what, all, remedy) => {
      const limits = { pingTimeoutMs: 200, otherTimeoutMs: 200 };
      const found = await (all === 'no server'
        ? verified({ url: 'http://127.0.0.1:9/' })
        : verified({ answers: { ping: all, post: all }, ...limits }));
      expect(failuresOf(found)).toEqual(['ping: answered']);
      expect(found.checks[0]?.remedy).toContain(remedy);
      expect(found.checks.slice(1).every(({ result }) => result === 'skipped')).toBe(true);
      expect(found.headline).toBe(
        'A signed ping and a signed post fail for this reason, so the other checks were left out.',
      );
      expect(server.received.map(({ type }) => type)).toEqual(all === 'no server' ? [] : ['ping', 'post']);
    },
  );

  test('reports a fault of every ping once, and still checks posts', async () => {
    const found = await verified({ answers: { ping: signedOnly(() => ({ bid: '20.00' })) } });
    expect(failuresOf(found)).toEqual(['ping: answered']);
    expect(found.headline).toBeUndefined();
    const told = found.checks.filter(({ came }) => came === 'fails like “ping: answered”');
    expect(told.map(({ check }) => check)).toEqual([
      'ping: signed by two secrets',
      'ping: unknown keys ignored',
      'ping: optional keys absent',
      'ping: high floor',
      'ping: sent again',
      'ping: 20 at once',
    ]);
  });

  /** An answer to signed requests, another one to those for which `isHit` holds. */
  const except = (usual: object, isHit: (received: Received) => boolean, other: Behaviour) => ({
    answers: (received: Received) => (isHit(received) ? other : received.signed ? { body: usual } : REFUSED),
  });
  const hasTwo = ({ headers }: Received) => String(headers['webhook-signature']).includes(' ');
  const hasUnknown = ({ body }: Received) => 'a_new_key' in body;
  const isEmpty = ({ body }: Received) => !('phone' in (body.lead as object));
  const isForeign = ({ body }: Received) => JSON.stringify(body).includes('Zoë');

  test.each<[string, 'ping' | 'post', (received: Received) => boolean, Behaviour, string, string]>([
    [
      'a second signature',
      'ping',
      hasTwo,
      REFUSED,
      'ping: signed by two secrets',
      'may hold several signatures',
    ],
    [
      'a second signature',
      'ping',
      hasTwo,
      { raw: '<html>' },
      'ping: signed by two secrets',
      'an HTML page; send',
    ],
    ['letters', 'post', isForeign, REFUSED, 'post: letters outside ASCII', 'over the bytes as received'],
    ['letters', 'post', isForeign, { status: 500 }, 'post: letters outside ASCII', 'read the body as UTF-8'],
    [
      'letters',
      'post',
      isForeign,
      { status: 301 },
      'post: letters outside ASCII',
      'redirects are not followed',
    ],
    ['unknown keys', 'post', hasUnknown, { status: 422 }, 'post: unknown keys ignored', 'ignore keys'],
    ['gaps', 'post', isEmpty, { status: 500 }, 'post: incomplete lead', 'refuse what you can’t use'],
    [
      'gaps',
      'post',
      isEmpty,
      { body: { accepted: 'true' } },
      'post: incomplete lead',
      'true or false without quotes',
    ],
  ])('says what a server does wrong about %s (%s)', async (_what, type, isHit, other, check, remedy) => {
    const usual = type === 'ping' ? { bid: 0 } : { accepted: true };
    const { answers } = except(usual, isHit, other);
    const found = await verified({
      answers: { [type]: answers, post_status: { status: 404 }, post_cancelled: { status: 404 } },
    });
    expect(failuresOf(found)).toEqual([check]);
    expect(found.checks.find(({ result }) => result === 'failed')?.remedy).toContain(remedy);
  });

  test('tells apart why a server does not answer twenty pings at once', async () => {
    /** The twenty pings follow one that is sent again. */
    const crowded = (answerTo: (place: number) => Behaviour): Behaviours => {
      const seen = new Set<unknown>();
      let place: number | undefined;
      return ({ signed, body }) => {
        if (!signed) return REFUSED;
        if (seen.has(body.ping_id)) place = 0;
        else if (place !== undefined) place += 1;
        seen.add(body.ping_id);
        return { body: { bid: 0 }, ...answerTo(place ?? 0) };
      };
    };
    const remedyOf = async (ping: Behaviours) => {
      const found = await verified({ answers: { ping }, pingTimeoutMs: 1500 });
      expect(failuresOf(found)).toEqual(['ping: 20 at once']);
      return found.checks.find(({ result }) => result === 'failed');
    };
    expect(await remedyOf(crowded((place) => ({ after: place > 6 ? 2000 : 0 })))).toMatchObject({
      came: expect.stringMatching(
        /^14 of 20 failed: no answer within 1500 ms; the last answer came after/,
      ) as string,
      remedy: expect.stringContaining('raise its listen backlog') as string,
    });
    const oneByOne = crowded((place) => ({ after: place * 150 }));
    expect((await remedyOf(oneByOne))?.remedy).toContain('side by side');
    const overloaded = crowded((place) => ({ status: place > 6 ? 503 : 200 }));
    expect((await remedyOf(overloaded))?.remedy).toBe('your server failed: see its log');
  });

  test('checks a cancel notice after unclear answers, too', async () => {
    const post = signedOnly(() => ({ accepted: 'true' }));
    const found = await verified({ answers: { post } });
    expect(failuresOf(found)).toEqual(['post: answered']);
    expect(found.checks.find(({ check }) => check === 'cancel notice')?.result).toBe('passed');
  });

  test('says that sales were not tested on a server that refuses every lead', async () => {
    const post = signedOnly(({ body }) => {
      posts.set(body.post_id, { accepted: false });
      return { accepted: false, reason: 'duplicate' };
    });
    const found = await verified({ answers: { post } });
    expect(failuresOf(found)).toEqual([]);
    const untested = found.checks.filter(({ result }) => result === 'skipped');
    expect(untested.map(({ check }) => check)).toEqual([
      'post: sent again',
      'post: sent again at the same time',
      'cancel notice',
    ]);
    expect(untested[0]?.came).toMatch(
      /^your server refused the lead \(HTTP 200 .*\); give one that it takes with --lead FILE$/,
    );
  });
});
