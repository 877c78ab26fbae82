import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendPing } from '../../src/buyers/ping.js';
import { sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { toDecimal } from '../../src/market/money.js';
import { REASONS } from '../../src/market/reason.js';

/** What a buyer's server says: whatever its author, or somebody who means us ill, may come to. */
interface Said {
  status: number;
  type: string | undefined;
  body: Buffer;
}

const SECRET = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`;

/** Numbers at the edges of what JSON, JavaScript and money can hold. */
const edges = [0, -0, -1, 0.001, 0.1 + 0.2, 19.99, 1e15, Number.MAX_SAFE_INTEGER, 1e21, 1e308, 5e-324];
const amount = fc.oneof(
  fc.constantFrom(...edges),
  fc.double({ noNaN: true }),
  fc.integer({ min: 0, max: 100_000 }).map((cents) => cents / 100),
);
const anything = fc.oneof(amount, fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('40', [40], { bid: 40 }));
const answerLike = fc.record(
  {
    bid: anything,
    shared_bid: anything,
    bid_id: anything,
    expires_in_ms: anything,
    accepted: fc.oneof(fc.boolean(), anything),
    reason: anything,
    buyer_lead_id: anything,
    constructor: anything,
  },
  { requiredKeys: [] },
);
const written = fc.oneof(
  answerLike.map((value) => JSON.stringify(value)),
  fc.record({ bid: amount }).map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{"__proto__":{"bid":40,"accepted":true}}',
    '{"constructor":{"prototype":{"bid":40,"accepted":true}}}',
    '{"bid":1e999}',
    '{"bid":-1e999}',
    '{"bid":NaN}',
    '{"bid":40,"bid":41}',
    '{"accepted":false,"accepted":true}',
    '\ufeff{"bid":40}',
    `{"bid":${'9'.repeat(400)}}`,
  ),
  fc.integer({ min: 1, max: 30_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 8000 }).map((depth) => `${'{"bid":'.repeat(depth)}40${'}'.repeat(depth)}`),
);
const body = fc.oneof(
  { weight: 4, arbitrary: written.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(written, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([text, part]) => Buffer.from(text).subarray(0, Math.floor(text.length * part))),
  },
);
const said: fc.Arbitrary<Said> = fc.record({
  status: fc.oneof(fc.constant(200), fc.constantFrom(200, 201, 204, 299, 302, 304, 400, 404, 429, 500, 599)),
  type: fc.constantFrom(
    undefined,
    'application/json',
    'text/html',
    'image/png',
    'application/json; charset=utf-16',
  ),
  body,
});

/** What the text says as JSON has it, without a byte order mark (RFC 8259, section 8.1) and with the last of two equal names counting; undefined where it is none. */
function asObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const own = (object: Record<string, unknown> | undefined, name: string): unknown =>
  object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;

describe('whatever a buyer’s server answers', () => {
  let server: Server;
  let url: string;
  let says: Said;
  const sender = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        const { status, type, body: sent } = says;
        response.writeHead(status, { ...(type !== undefined && { 'content-type': type }) }).end(sent);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await sender.close();
    await new Promise((resolve) => server.close(resolve));
  });

  const buyer = () => ({ url, timeoutMs: 10_000, secret: SECRET });
  const isYes = ({ status }: Said): boolean => status >= 200 && status <= 299 && status !== 204;

  it('a ping comes to the price that was bid, or to a reason of the closed list', async () => {
    await fc.assert(
      fc.asyncProperty(said, async (next) => {
        says = next;
        const answer = await sendPing(sender.send, buyer(), {
          ...{ pingId: 'ping-1', category: 'Solar', round: 1, floor: 500, currency: 'USD' },
          ...{ test: false, fields: {} },
        });
        if ('noBid' in answer) {
          expect(REASONS).toContain(answer.noBid.reason);
          return;
        }
        const object = asObject(next.body);
        expect(isYes(next)).toBe(true);
        for (const [price, name] of [
          [answer.bid.price, 'bid'],
          [answer.bid.shared, 'shared_bid'],
        ] as const) {
          if (price === undefined) continue;
          expect(Number.isSafeInteger(price) && price > 0).toBe(true);
          // But for what arithmetic with binary numbers leaves.
          expect(toDecimal(price, 'USD') / Number(own(object, name))).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('a post is accepted only where it says so in so many words', async () => {
    await fc.assert(
      fc.asyncProperty(said, async (next) => {
        says = next;
        const answer = await sendPost(sender.send, buyer(), {
          ...{ postId: 'post-1', leadId: 'lead-1', price: 2000, currency: 'USD', exclusive: true },
          ...{ test: false, receivedAt: new Date(), lead: {} },
        });
        const saysYes = isYes(next) && own(asObject(next.body), 'accepted') === true;
        if (answer.answer === 'accepted') expect(saysYes).toBe(true);
        else expect(['refused', 'uncertain']).toContain(answer.answer);
      }),
      { numRuns: 400 },
    );
  });
});
