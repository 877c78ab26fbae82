import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sendNotice } from '../../src/buyers/notice.js';
import { sendPing } from '../../src/buyers/ping.js';
import { sendCancellation, sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { askStatus } from '../../src/buyers/status.js';
import { verifyBuyer } from '../../src/buyers/verify/verifyBuyer.js';
import { findBinary } from '../../src/local/servers/findPrograms.js';
import { packageRoot } from '../../src/packageRoot.js';
import { freePort } from '../support/freePort.js';
import { namesNobody } from '../support/namesNobody.js';
import { readPage } from './page.js';

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

const SERVERS: { file: string; program: string | undefined }[] = [
  { file: 'examples/buyers/node.mjs', program: process.execPath },
  { file: 'examples/buyers/python.py', program: findBinary(['python3'], process.env) },
];

test('The servers of docs/buyer.md are the files in examples/buyers', () => {
  const blocks = readPage('docs/buyer.md').codes.map(({ text }) => `${text}\n`);
  for (const file of ['node.mjs', 'isSigned.mjs', 'python.py', 'is_signed.py'])
    expect(blocks, file).toContain(readFileSync(join(packageRoot, 'examples/buyers', file), 'utf8'));
});

describe.skipIf(SERVERS.some(({ program }) => program === undefined)).each(SERVERS)(
  'The server $file',
  ({ program = '', file }) => {
    const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
    const buyer = { url: '', timeoutMs: 20_000, secret };
    const main = join(packageRoot, file);
    const environment = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' };
    let server: ChildProcess;
    let printed = '';

    beforeAll(async () => {
      const port = await freePort();
      server = spawn(program, [main], {
        env: { ...environment, PORT: String(port), GAVEL_SECRET: secret },
      });
      server.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      buyer.url = `http://127.0.0.1:${port}/`;
      await vi.waitFor(() => unsigned('{}'), { timeout: 20_000, interval: 100 });
    });
    afterAll(async () => {
      server.kill();
      await close();
    });

    const unsigned = async (body: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(buyer.url, { method: 'POST', body, headers })).status;

    const terms = { currency: 'USD', test: false };
    const ping = (state: string) =>
      sendPing(
        send,
        buyer,
        { pingId: `ping-${state}`, category: 'Solar', state, round: 1, floor: 1000, ...terms, fields: {} },
        namesNobody,
      );
    const post = (postId: string, lead: Record<string, string>) =>
      sendPost(
        send,
        buyer,
        { postId, leadId: 'l', price: 3100, exclusive: true, ...terms, receivedAt: new Date(), lead },
        namesNobody,
      );

    test('does not start without its secret, and says so', async () => {
      const without = spawn(program, [main], { env: { ...environment, PORT: '0' } });
      let said = '';
      without.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const code = await new Promise((resolve) => without.on('close', resolve));
      expect(code).toBe(1);
      expect(said).toContain('Set GAVEL_SECRET to your secret, which starts with whsec_');
    });

    test('passes the whole test suite of the protocol', async () => {
      const { url } = buyer;
      const { checks } = await verifyBuyer(send, {
        urls: { ping: url, post: url, status: url, notices: url },
        secret,
        isPinged: true,
        category: 'Auto Insurance',
        lead: {},
        timeoutMs: { ping: 20_000, other: 20_000 },
      });
      expect(checks.filter(({ result }) => result !== 'passed')).toEqual([]);
      expect(checks.length).toBeGreaterThan(30);
    });

    test('lets the connections of twenty pings wait while it is busy', async () => {
      server.kill('SIGSTOP');
      const sockets = Array.from({ length: 20 }, () => connect(Number(new URL(buyer.url).port), '127.0.0.1'));
      try {
        await expect.poll(() => sockets.filter(({ connecting }) => connecting).length).toBe(0);
      } finally {
        server.kill('SIGCONT');
        for (const socket of sockets) socket.destroy();
      }
    });

    test('bids for the leads that it wants', async () => {
      expect(await ping('TX')).toMatchObject({ bid: { price: 3100 } });
      expect(await ping('NV')).toMatchObject({ noBid: { reason: 'no_bid' } });
    });

    test('accepts a post, refuses another, and repeats its answers', async () => {
      expect(await post('a', { phone: '+12145550187' })).toMatchObject({ answer: 'accepted' });
      expect(await post('b', { city: 'Zoë' })).toMatchObject({ answer: 'refused' });
      expect(await post('a', {})).toMatchObject({ answer: 'accepted' });
      expect(await post('b', { phone: '+12145550187' })).toMatchObject({ answer: 'refused' });
    });

    test('reports the status of a post', async () => {
      const statusOf = async (id: string) => (await askStatus(send, buyer, id, namesNobody)).status;
      expect([await statusOf('a'), await statusOf('b'), await statusOf('c')]).toEqual([
        'accepted',
        'refused',
        'unknown',
      ]);
      expect(await sendCancellation(send, buyer, { postId: 'a', leadId: 'l' })).toMatchObject({
        delivered: true,
      });
      expect([await statusOf('a'), (await post('a', { phone: '1' })).answer]).toEqual(['refused', 'refused']);
    });

    test('accepts every notice, including unknown types', async () => {
      for (const type of ['won', 'billed', 'lost', 'low_balance', 'another'])
        expect(await sendNotice(send, { ...buyer, id: type, payload: { type, post_id: 'a' } })).toMatchObject(
          { delivered: true },
        );
      await expect.poll(() => printed).toContain('another');
    });

    test('answers 401 to requests that the exchange has not signed, and continues', async () => {
      expect(await unsigned('{"type":"post"}')).toBe(401);
      expect(await unsigned('')).toBe(401);
      expect(await unsigned('x', { 'webhook-id': 'a', 'webhook-timestamp': 'soon' })).toBe(401);
      expect(await ping('TX')).toMatchObject({ bid: { price: 3100 } });
    });
  },
);
