import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import { readPage } from '../docs/page.js';
import { freePort } from '../support/freePort.js';
import { openApiWorld, type ApiWorld } from './world.js';

const page = readPage('docs/source.md');
const relay = (lang: string): string =>
  page.codes.find(({ section, ...code }) => section.includes('a form in a web page') && code.lang === lang)
    ?.text ?? '';

const phpHasCurl = spawnSync('php', ['-r', 'exit(extension_loaded("curl") ? 0 : 1);']).status === 0;

const RELAYS = [
  { lang: 'Node', code: relay('js'), file: 'relay.mjs', start: () => [process.execPath, 'relay.mjs'] },
  {
    lang: 'PHP',
    code: relay('php'),
    file: 'index.php',
    start: (port: number) => ['php', '-S', `127.0.0.1:${port}`],
  },
];

/** Sends a form as a browser does; returns the answer. */
type Post = (
  body: RequestInit['body'],
  method?: string,
) => Promise<{ status: number; to: string | null; text: string }>;

/** Runs the relay in front of an API; returns a function that posts to it, and its output. */
async function startRelay(
  { code, file, start }: (typeof RELAYS)[number],
  { api, key, onTestFinished }: { api: string; key: string } & Pick<TestContext, 'onTestFinished'>,
): Promise<{ post: Post; printed: () => string }> {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-form-'));
  const port = await freePort();
  writeFileSync(join(dir, file), code.replace('http://127.0.0.1:3000', api));
  const [program = '', ...args] = start(port);
  const env = { PATH: process.env.PATH, GAVEL_KEY: key, PORT: String(port), NO_PROXY: '127.0.0.1' };
  const server = spawn(program, args, { cwd: dir, env });
  let printed = '';
  server.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  onTestFinished(() => {
    server.kill();
    rmSync(dir, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}/`;
  await vi.waitFor(() => fetch(url), { timeout: 20_000, interval: 100 });
  const post: Post = async (body, method = 'POST') => {
    const reply = await fetch(url, { method, body: method === 'GET' ? null : body, redirect: 'manual' });
    return { status: reply.status, to: reply.headers.get('location'), text: await reply.text() };
  };
  return { post, printed: () => printed };
}

const PERSON = { firstName: 'Zoë', lastName: 'Doe', phone: '214-555-0187', state: 'TX' };
const THANKS = { status: 303, to: '/thanks.html', text: '' };

describe.concurrent.each(RELAYS)('The relay of docs/source.md in $lang', (relayOf) => {
  const isMissing = relayOf.lang === 'PHP' && !phpHasCurl;
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 100 });
  });
  afterAll(() => world.close());
  const leads = (): Promise<number> => world.database.leads.countDocuments({ seller: 'ACME1234' });

  it.skipIf(isMissing)('forwards a browser’s form and shows a page', async ({ onTestFinished }) => {
    const { post, printed } = await startRelay(relayOf, {
      api: world.api.address,
      key: world.key,
      onTestFinished,
    });
    expect(await post(new URLSearchParams(PERSON))).toEqual(THANKS);
    expect(await leads()).toBe(1);
    // A double click.
    expect(await post(new URLSearchParams(PERSON))).toEqual(THANKS);
    expect(await leads()).toBe(1);

    // A rejected lead can be corrected by the visitor.
    const refused = await post(new URLSearchParams({ ...PERSON, phone: '' }));
    expect(refused).toMatchObject({ status: 400, to: null });
    expect(refused.text).toContain('phone: missing');
    await expect.poll(printed).toContain('phone (missing)');

    expect((await post('', 'GET')).status).toBe(405);
    expect((await post(new URLSearchParams({ note: 'x'.repeat(70_000) }))).status).toBe(413);
    expect(await leads()).toBe(1);

    const multipart = new FormData();
    for (const [name, value] of Object.entries({ ...PERSON, firstName: 'Ann' })) multipart.set(name, value);
    const reply = await post(multipart);
    if (relayOf.lang === 'PHP') expect(reply).toEqual(THANKS);
    else expect([reply.status, reply.text]).toEqual([415, expect.stringContaining('without enctype')]);
  });

  it.skipIf(isMissing)(
    'retries a lead without an answer, with the same Idempotency-Key',
    async ({ onTestFinished }) => {
      const keys: unknown[] = [];
      const api = createServer((request, response) => {
        keys.push(request.headers['idempotency-key']);
        if (keys.length === 1) return void request.socket.destroy();
        const status = keys.length === 2 ? 503 : 200;
        response
          .writeHead(status)
          .end(JSON.stringify({ success: status === 200, message: 'Send it again.' }));
      });
      const port = await freePort();
      await new Promise<void>((resolve) => void api.listen(port, '127.0.0.1', resolve));
      onTestFinished(() => void api.close());
      const { post } = await startRelay(relayOf, {
        api: `http://127.0.0.1:${port}`,
        key: world.key,
        onTestFinished,
      });
      expect(await post(new URLSearchParams(PERSON))).toEqual(THANKS);
      expect(keys).toEqual([expect.stringMatching(/^[\da-f]{64}$/), keys[0], keys[0]]);
    },
  );
});
