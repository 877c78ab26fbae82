import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
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

describe.each(RELAYS)('The relay of docs/source.md in $lang', ({ lang, code, file, start }) => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 100 });
  });
  afterAll(() => world.close());

  it.skipIf(lang === 'PHP' && !phpHasCurl)('sends what a browser posts, and shows a page', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gavel-form-'));
    const port = await freePort();
    writeFileSync(join(dir, file), code.replace('http://127.0.0.1:3000', world.api.address));
    const [program = '', ...args] = start(port);
    const env = { PATH: process.env.PATH, GAVEL_KEY: world.key, PORT: String(port), NO_PROXY: '127.0.0.1' };
    const server = spawn(program, args, { cwd: dir, env });
    let printed = '';
    server.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    onTestFinished(() => {
      server.kill();
      rmSync(dir, { recursive: true });
    });
    const post = async (form: Record<string, string>): Promise<[number, string | null]> => {
      const body = new URLSearchParams(form);
      const reply = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, redirect: 'manual' });
      return [reply.status, reply.headers.get('location')];
    };
    const lead = { firstName: 'Zoë', lastName: 'Doe', phone: '214-555-0187', state: 'TX' };
    await vi.waitFor(async () => expect(await post(lead)).toEqual([303, '/thanks.html']), {
      timeout: 20_000,
      interval: 100,
    });
    expect(await world.database.leads.countDocuments({ seller: 'ACME1234' })).toBe(1);
    expect(await post({ ...lead, phone: '' })).toEqual([303, '/thanks.html']);
    await expect.poll(() => printed).toContain('phone (missing)');
    expect(await world.database.leads.countDocuments({ seller: 'ACME1234' })).toBe(1);
  });
});
