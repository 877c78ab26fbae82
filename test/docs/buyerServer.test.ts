import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sendNotice } from '../../src/buyers/notice.js';
import { sendPing } from '../../src/buyers/ping.js';
import { sendCancellation, sendPost } from '../../src/buyers/post.js';
import { openSender } from '../../src/buyers/send.js';
import { askStatus } from '../../src/buyers/status.js';
import { findBinary } from '../../src/local/servers/findPrograms.js';
import { freePort } from '../support/freePort.js';
import { namesNobody } from '../support/namesNobody.js';
import { readPage } from './page.js';

const page = readPage('docs/buyer.md');
const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

const codeWith = (lang: string, text: string): string =>
  page.codes.find((code) => code.lang === lang && code.text.includes(text))?.text ?? '';

const SERVERS: { lang: string; program: string | undefined; files: Record<string, string> }[] = [
  {
    lang: 'Node',
    program: process.execPath,
    files: { 'isSigned.js': codeWith('js', 'export function'), 'server.js': codeWith('js', 'createServer(') },
  },
  {
    lang: 'Python',
    program: findBinary(['python3'], process.env),
    files: {
      'is_signed.py': codeWith('python', 'def is_signed'),
      'server.py': codeWith('python', 'ThreadingHTTPServer('),
    },
  },
];

describe.skipIf(SERVERS.some(({ program }) => program === undefined)).each(SERVERS)(
  'The whole server of docs/buyer.md in $lang',
  ({ program = '', files }) => {
    const { send, close } = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true });
    const buyer = { url: '', timeoutMs: 5000, secret };
    const dir = mkdtempSync(join(tmpdir(), 'gavel-buyer-'));
    let server: ChildProcess;
    let printed = '';

    beforeAll(async () => {
      writeFileSync(join(dir, 'package.json'), '{"type": "module"}');
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
      const port = await freePort();
      const [main = ''] = Object.keys(files).filter((name) => name.startsWith('server'));
      server = spawn(program, [main], {
        cwd: dir,
        env: {
          PATH: process.env.PATH,
          PORT: String(port),
          GAVEL_SECRET: secret,
          PYTHONDONTWRITEBYTECODE: '1',
        },
      });
      server.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      buyer.url = `http://127.0.0.1:${port}/`;
      await vi.waitFor(() => unsigned('{}'), { timeout: 20_000, interval: 100 });
    });
    afterAll(async () => {
      server.kill();
      await close();
      rmSync(dir, { recursive: true });
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
      const [main = ''] = Object.keys(files).filter((name) => name.startsWith('server'));
      const env = { PATH: process.env.PATH, PORT: '0', PYTHONDONTWRITEBYTECODE: '1' };
      const without = spawn(program, [main], { cwd: dir, env });
      let said = '';
      without.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const code = await new Promise((resolve) => without.on('close', resolve));
      expect(code).toBe(1);
      expect(said).toContain('Set GAVEL_SECRET to your secret, which starts with whsec_');
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
