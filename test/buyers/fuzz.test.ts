import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personScreen } from '../../src/buyers/personScreen.js';
import { sendPing } from '../../src/buyers/ping.js';
import { sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { askStatus } from '../../src/buyers/status.js';
import { toDecimal } from '../../src/market/money.js';
import { REASONS } from '../../src/market/model/reason.js';
import { startRawServer, type RawServer } from './rawServer.js';

/** Answers of a careless or malicious server. */
interface Said {
  status: number;
  type: string | undefined;
  coding: string | undefined;
  body: Buffer;
}

const SECRET = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`;

const PERSON = { firstName: 'John', lastName: 'Doe', email: 'john.doe@example.com', phone: '2145550187' };
const namesPerson = personScreen({ fields: PERSON });

/** Personal data in forms in which a hostile buyer may hide it. */
const personal = fc
  .constantFrom('John', 'johndoe', 'doe john', 'john.doe@example.com', '(214) 555-0187', 'JDoe')
  .chain((word) =>
    fc.constantFrom(
      word,
      `ref-${word}-7`,
      Buffer.from(word).toString('base64'),
      Buffer.from(word).toString('hex'),
      encodeURIComponent(word),
      Array.from(word).reverse().join(''),
      `\u001b]0;${word}\u0007${word}`,
      `\u202e${word}`,
    ),
  );

/** Numbers at the limits of JSON, JavaScript and money. */
const edges = [0, -0, -1, 0.001, 0.1 + 0.2, 19.99, 1e15, Number.MAX_SAFE_INTEGER, 1e21, 1e308, 5e-324];
const amount = fc.oneof(
  fc.constantFrom(...edges),
  fc.double({ noNaN: true }),
  fc.integer({ min: 0, max: 100_000 }).map((cents) => cents / 100),
);
const anything = fc.oneof(
  amount,
  fc.jsonValue({ maxDepth: 3 }),
  personal,
  fc.constantFrom('40', [40], { bid: 40 }),
);
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
const compressed = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  identity: (bytes: Buffer): Buffer => bytes,
};

const plain = fc.record({
  status: fc.oneof(fc.constant(200), fc.constantFrom(200, 201, 204, 299, 302, 304, 400, 422, 429, 500, 599)),
  type: fc.constantFrom(
    undefined,
    'application/json',
    'text/html',
    'image/png',
    'application/json; charset=utf-16',
  ),
  coding: fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'gzip, br', 'zstd', '\u00ff,,'),
  body,
});
const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 3, arbitrary: plain },
  {
    weight: 1,
    arbitrary: fc
      .tuple(plain, fc.constantFrom(...(['gzip', 'deflate', 'br', 'identity'] as const)), fc.nat(3))
      .map(([one, coding, cut]) => {
        const bytes = compressed[coding](one.body);
        return { ...one, coding, body: bytes.subarray(0, bytes.length - cut) };
      }),
  },
);

/** Parses JSON without a byte order mark (RFC 8259, section 8.1); the last of equal names wins. Undefined if invalid. */
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

describe('for any answer of a buyer’s server', () => {
  let server: Server;
  let url: string;
  let says: Said;
  const sender = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.statusCode = says.status;
        if (says.type !== undefined) response.setHeader('content-type', says.type);
        if (says.coding !== undefined) response.setHeader('content-encoding', says.coding);
        response.end(says.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await sender.close();
    await new Promise((resolve) => server.close(resolve));
  });

  const isYes = ({ status }: Said): boolean => status >= 200 && status <= 299 && status !== 204;

  const ping = (to = url, timeoutMs = 10_000) =>
    sendPing(
      sender.send,
      { url: to, timeoutMs, secret: SECRET },
      { pingId: 'p', category: 'Solar', round: 1, floor: 500, currency: 'USD', test: false, fields: {} },
      namesPerson,
    );
  const post = (to = url, timeoutMs = 10_000) =>
    sendPost(
      sender.send,
      { url: to, timeoutMs, secret: SECRET },
      {
        postId: 'post-1',
        leadId: 'lead-1',
        price: 2000,
        currency: 'USD',
        exclusive: true,
        test: false,
        receivedAt: new Date(),
        lead: PERSON,
      },
      namesPerson,
    );

  /** All texts kept of an answer. */
  const textsIn = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(textsIn);

  function expectHarmless(kept: unknown): void {
    for (const text of textsIn(kept)) {
      expect(text.length).toBeLessThanOrEqual(200);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(namesPerson(text), text).toBe(false);
    }
  }

  it('a ping gives the bid price or a known reason', async () => {
    await fc.assert(
      fc.asyncProperty(said, async (next) => {
        says = next;
        const answer = await ping();
        expectHarmless(answer);
        if ('noBid' in answer) {
          expect(REASONS).toContain(answer.noBid.reason);
          return;
        }
        expect(isYes(next)).toBe(true);
        const object = asObject(next.body);
        for (const [price, name] of [
          [answer.bid.price, 'bid'],
          [answer.bid.shared, 'shared_bid'],
        ] as const) {
          if (price === undefined || next.coding !== undefined) continue;
          expect(Number.isSafeInteger(price) && price > 0).toBe(true);
          // Except for floating-point error.
          expect(toDecimal(price, 'USD') / Number(own(object, name))).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('a post is accepted exactly if the JSON says so', async () => {
    await fc.assert(
      fc.asyncProperty(said, async (next) => {
        says = next;
        const answer = await post();
        expectHarmless(answer);
        expect(['accepted', 'refused', 'uncertain']).toContain(answer.answer);
        if (next.coding !== undefined) return;
        const saysYes = isYes(next) && own(asObject(next.body), 'accepted') === true;
        expect(answer.answer === 'accepted').toBe(saysYes);
      }),
      { numRuns: 600 },
    );
  });

  it('a post’s status is one of four', async () => {
    await fc.assert(
      fc.asyncProperty(said, async (next) => {
        says = next;
        const answer = await askStatus(
          sender.send,
          { url, timeoutMs: 10_000, secret: SECRET },
          'p',
          namesPerson,
        );
        expectHarmless(answer);
        expect(['accepted', 'refused', 'unknown', 'silent']).toContain(answer.status);
      }),
      { numRuns: 200 },
    );
  });

  it('bytes that are not HTTP, and cut or changed HTTP, make nothing throw', async () => {
    const server: RawServer = await startRawServer();
    const head = fc.constantFrom(
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"bid":40}',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\u001f\u008b\u0008aa\r\n0\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nRetry-After: -1\r\nContent-Length: 2\r\n\r\n{}',
    );
    const changed = fc
      .tuple(head, fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 20 }), fc.boolean())
      .map(([text, part, bytes, cut]) => {
        const whole = Buffer.from(text, 'latin1');
        const at = Math.floor(whole.length * part);
        return Buffer.concat([whole.subarray(0, at), bytes, cut ? Buffer.alloc(0) : whole.subarray(at)]);
      });
    const bytes = fc.oneof(changed, fc.uint8Array({ maxLength: 200 }));
    const ending = fc.constantFrom('stays', 'ends', 'resets');
    try {
      await fc.assert(
        fc.asyncProperty(bytes, ending, async (sent, ends) => {
          server.answerWith((socket) => {
            socket.write(sent, () => {
              if (ends === 'ends') socket.end();
              else if (ends === 'resets') socket.resetAndDestroy();
            });
          });
          expectHarmless(await ping(server.url, 60));
          expectHarmless(await post(server.url, 60));
        }),
        { numRuns: 150 },
      );
    } finally {
      await server.close();
    }
  });
});
