import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSender, type Reply } from '../../src/buyers/send.js';

const SECRET = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`;
const KiB = 1024;
const JSON_TEXT = '{"bid":40}';
const said = Buffer.from(JSON_TEXT);

describe('compressed answers that were not requested', () => {
  let server: Server;
  let next: { coding: string | string[]; body: Buffer; status?: number };
  let asked: IncomingHttpHeaders;
  const sender = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked = request.headers;
      request.resume().on('end', () => {
        response.statusCode = next.status ?? 200;
        response.setHeader('content-encoding', next.coding).end(next.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await sender.close();
    await new Promise((resolve) => server.close(resolve));
  });

  async function send(coding: string | string[], body: Buffer, status?: number): Promise<Reply> {
    next = { coding, body, status };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return sender.send({ url, id: 'ping-1', secret: SECRET, payload: {}, timeoutMs: 5000 });
  }

  it.each<[string, string | string[], Buffer]>([
    ['gzip', 'gzip', gzipSync(said)],
    ['x-gzip', 'x-gzip', gzipSync(said)],
    ['capitals and spaces', ' GZip ', gzipSync(said)],
    ['deflate with a zlib header', 'deflate', deflateSync(said)],
    ['deflate without one', 'deflate', deflateRawSync(said)],
    ['brotli', 'br', brotliCompressSync(said)],
    ['identity', 'identity', said],
    ['identity and gzip', 'identity, gzip', gzipSync(said)],
    ['two codings in one header', 'deflate, gzip', gzipSync(deflateSync(said))],
    ['two codings in two headers', ['br', 'gzip'], gzipSync(brotliCompressSync(said))],
    ['two members of gzip', 'gzip', Buffer.concat([gzipSync('{"bid"'), gzipSync(':40}')])],
    ['zeros after gzip', 'gzip', Buffer.concat([gzipSync(said), Buffer.alloc(8)])],
    ['plain JSON said to be gzip', 'gzip', said],
    ['plain JSON said to be deflate', 'deflate', said],
    ['plain JSON said to be brotli', 'br', Buffer.from(' {"bid": 40}')],
    ['exactly 64 KiB', 'gzip', gzipSync(JSON_TEXT.padEnd(64 * KiB))],
  ])('%s', async (_what, coding, body) => {
    expect(await send(coding, body)).toMatchObject({ kind: 'answer', malformed: false, body: { bid: 40 } });
    expect(asked['accept-encoding']).toBe('identity');
  });

  const broken = (coding: string) => `its ${coding} data are broken or incomplete`;
  it.each<[string, string, Buffer, string]>([
    ['cut short', 'gzip', gzipSync(said).subarray(0, -1), broken('gzip')],
    ['only the first byte', 'gzip', gzipSync(said).subarray(0, 1), broken('gzip')],
    [
      'a wrong checksum',
      'gzip',
      Buffer.concat([gzipSync(said).subarray(0, -8), Buffer.alloc(8)]),
      broken('gzip'),
    ],
    ['brotli cut short', 'br', brotliCompressSync(said).subarray(0, -2), broken('br')],
    ['deflate cut short', 'deflate', deflateSync(said).subarray(0, 5), broken('deflate')],
    ['noise', 'br', Buffer.from('ffffffffffff', 'hex'), broken('br')],
    ['a page', 'gzip', Buffer.from('<html>'), broken('gzip')],
    ['a coding that Node.js may lack', 'zstd', said, 'an unknown content coding'],
    ['John Doe as a coding', 'John Doe', said, 'an unknown content coding'],
    ['three codings', 'gzip, gzip, gzip', said, 'more than 2 content codings'],
  ])('%s is not an answer', async (_what, coding, body, detail) => {
    expect(await send(coding, body)).toMatchObject({
      kind: 'answer',
      malformed: true,
      body: undefined,
      detail,
    });
  });

  it('an empty body under a coding is an empty body', async () => {
    expect(await send('gzip', Buffer.alloc(0), 204)).toMatchObject({ kind: 'answer', status: 204 });
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50 * KiB * KiB, ' '))],
    ['br', brotliCompressSync(Buffer.alloc(50 * KiB * KiB, ' '))],
    ['deflate', deflateSync(Buffer.alloc(20 * KiB * KiB, ' '))],
    ['gzip, gzip', gzipSync(gzipSync(Buffer.alloc(50 * KiB * KiB, ' ')))],
    ['gzip', gzipSync(JSON_TEXT.padEnd(64 * KiB + 1))],
  ])('the decoded body of %s is limited to 64 KiB', async (coding, body) => {
    expect(body.length).toBeLessThan(64 * KiB);
    const before = process.memoryUsage().arrayBuffers;
    expect(await send(coding, body)).toMatchObject({ kind: 'oversized', detail: 'answer over 64 KiB' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * KiB * KiB);
  });
});
