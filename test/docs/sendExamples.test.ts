import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'vitest';
import { readGuide } from '../../src/api/docs/guide.js';
import { EXAMPLE_ORIGIN } from '../../src/api/docs/page.js';

const PROGRAMS: Readonly<Record<string, string[]>> = {
  sh: ['sh', '-c'],
  js: [process.execPath, '--input-type=module', '-e'],
  php: ['php', '-r'],
  python: ['python3', '-c'],
};

const canRunPhp = spawnSync('php', ['-r', 'exit(extension_loaded("curl") ? 0 : 1);']).status === 0;

/** The guide's first example, in each language that can run here. */
const examples = readGuide()
  .samples.filter(({ lang }) => lang !== 'php' || canRunPhp)
  .map(({ lang, label, source }) => [label, lang, source] as const);

interface Answer {
  status: number;
  body: object;
}

const BUSY = { status: 503, body: { success: false, error: 'Service unavailable', message: 'Later.' } };
const SOLD = {
  status: 200,
  body: {
    success: true,
    lead_id: '019a',
    status: 'sold',
    price: 45,
    warnings: [{ field: 'zip', problem: 'not a ZIP code' }],
  },
};
const REFUSED = {
  status: 401,
  body: { success: false, error: 'Invalid API Key', message: 'It has no key.' },
};

/** An API that gives these answers in turn, until the test has finished. */
async function apiWith(answers: Answer[], { onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const keys: string[] = [];
  const server = createServer((request, response) => {
    const { status, body } = answers[keys.length] ?? BUSY;
    keys.push(String(request.headers['idempotency-key']));
    request.resume();
    response.writeHead(status, { 'retry-after': '1' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
}

/** Runs an example against this API, without a key unless one is given. */
async function run(lang: string, source: string, { origin, key }: { origin: string; key?: string }) {
  const [program = '', ...args] = PROGRAMS[lang] ?? [];
  const code = source.replace('<?php', '').replaceAll(EXAMPLE_ORIGIN, origin);
  const { GAVEL_KEY: _key, ...env } = process.env;
  const child = spawn(program, [...args, code], { env: { ...env, GAVEL_KEY: key, NO_PROXY: '127.0.0.1' } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (printed += data.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return printed;
}

describe.concurrent.each(examples)('The example of sending a lead in %s', (_label, lang, source) => {
  test('sends the same lead again while the exchange is busy, and prints warnings', async (context) => {
    const { expect } = context;
    const { origin, keys } = await apiWith([BUSY, SOLD], context);
    const printed = await run(lang, source, { origin, key: 'gvl_test_1' });
    expect(printed).toMatch(/019a.*sold/);
    expect(printed).toContain('not a ZIP code');
    expect(keys).toEqual([expect.any(String), keys[0]]);
  });

  test('says without a key what is missing, and does not try again', async (context) => {
    const { expect } = context;
    const { origin, keys } = await apiWith([REFUSED], context);
    expect(await run(lang, source, { origin })).toContain('It has no key.');
    expect(keys).toHaveLength(1);
  });

  test('says that there is no answer, without a stack trace', async ({ expect }) => {
    const printed = await run(lang, source, { origin: 'http://127.0.0.1:1', key: 'gvl_test_1' });
    expect(printed).toMatch(lang === 'sh' ? /curl: \(7\) .+\n$/ : /^No answer: .+\n$/);
  });
});
