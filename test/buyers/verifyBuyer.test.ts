import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openSender } from '../../src/buyers/send.js';
import type { Verification } from '../../src/buyers/verify/findings.js';
import { verifyBuyer } from '../../src/buyers/verify/verifyBuyer.js';
import {
  startBuyer,
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
  }

  async function verified({
    answers = {},
    isPinged = true,
    url = server.url,
    pingTimeoutMs = 1500,
  }: Run = {}) {
    for (const [type, behaviours] of Object.entries(answers)) server.answer(type as RequestType, behaviours);
    return verifyBuyer(send, {
      urls: { ping: url, post: url, status: url, notices: url },
      secret: server.secret,
      isPinged,
      category: 'Solar',
      lead: { roof: 'flat' },
      timeoutMs: { ping: pingTimeoutMs, other: 1500 },
    });
  }

  const failuresOf = (checks: Verification[]): string[] =>
    checks.filter(({ result }) => result === 'failed').map(({ check }) => check);

  test('passes a sound server, and sends it nothing but test leads of a fictional person', async () => {
    const checks = await verified();
    expect(failuresOf(checks)).toEqual([]);
    expect(checks.every(({ result }) => result === 'passed')).toBe(true);
    expect(server.of('ping').every(({ body }) => body.test === true && body.category === 'Solar')).toBe(true);
    expect(server.of('post').every(({ body }) => body.test === true)).toBe(true);
    expect(server.of('post')[0]?.body).toMatchObject({
      lead: { email: 'test.lead@example.com', roof: 'flat' },
    });
  });

  test('sends no ping to a buyer with a fixed price', async () => {
    const checks = await verified({ isPinged: false });
    expect(failuresOf(checks)).toEqual([]);
    expect(server.of('ping')).toEqual([]);
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
    const checks = await verified({ answers: { post, post_status: { status: 404 } } });
    expect(failuresOf(checks)).toEqual(['post: sent again', 'post: sent again at the same time']);
    expect(checks.find(({ check }) => check === 'post: sent again')).toMatchObject({
      sent: 'the same post twice, with the same post_id',
      came: expect.stringMatching(/^first HTTP 200 \{"accepted":true,.*, then HTTP 200/) as string,
      remedy: expect.stringMatching(/^store each post_id before you take the lead/) as string,
    });
  });

  test.each<[string, Run['answers'], string[], string, number?]>([
    [
      'a bid in quotes',
      { ping: signedOnly(() => ({ bid: '20.00' })) },
      ['ping: answered', 'ping: signed by two secrets', 'ping: unknown keys ignored'],
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
      'HTTP 500',
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
      'a notice that fails',
      { won: { status: 500 } },
      ['notice: won'],
      'answer any 2xx; otherwise the notice is sent again',
    ],
  ])('finds %s', async (_what, answers, checks, remedy, pingTimeoutMs) => {
    const found = await verified({ answers, pingTimeoutMs });
    expect(failuresOf(found)).toEqual(expect.arrayContaining(checks));
    expect(found.find(({ result }) => result === 'failed')?.remedy).toBe(remedy);
  });

  test('skips optional messages that the server declines', async () => {
    const answers = { post_status: { status: 404 }, post_cancelled: { status: 404 }, won: { status: 404 } };
    const checks = await verified({ answers });
    expect(failuresOf(checks)).toEqual([]);
    expect(checks.filter(({ result }) => result === 'skipped').map(({ check }) => check)).toEqual([
      'status question: known post',
      'status question: unknown post',
      'cancel notice',
      'cancel notice: unknown post',
      'notice: won',
    ]);
  });

  test('stops at a server that is not reachable', async () => {
    const checks = await verified({ url: 'http://127.0.0.1:9/' });
    expect(failuresOf(checks)).toEqual(['ping: answered']);
    expect(checks.slice(1).every(({ result }) => result === 'skipped')).toBe(true);
  });
});
