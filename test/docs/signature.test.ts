import { spawnSync } from 'node:child_process';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { findBinary } from '../../src/local/servers/findPrograms.js';
import { readPage, rowsOf } from './page.js';

const page = readPage('docs/buyer.md');
const sellersPage = readPage('docs/source.md');
const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const body = JSON.stringify({ type: 'post', lead: { firstName: 'Zoë' } });

/** Runs the page's example, then a line that calls it with a request as JSON and prints true or false. */
const LANGUAGES = [
  {
    lang: 'js',
    binaries: ['node'],
    args: ['--input-type=module', '-e'],
    name: 'isSigned',
    clock: (seconds: number) => `Date.now = () => ${seconds * 1000};`,
    call: 'const { headers, body } = JSON.parse(process.argv[1]); console.log(isSigned(process.argv[2], headers, body));',
  },
  {
    lang: 'python',
    binaries: ['python3'],
    args: ['-c'],
    name: 'is_signed',
    clock: (seconds: number) => `time.time = lambda: ${seconds}`,
    call: 'import json, sys\nr = json.loads(sys.argv[1])\nprint(str(is_signed(sys.argv[2], r["headers"], r["body"].encode())).lower())',
  },
  {
    lang: 'php',
    binaries: ['php'],
    args: ['-r'],
    name: 'is_signed',
    clock: undefined,
    call: '$r = json_decode($argv[1], true); echo is_signed($argv[2], $r["headers"], $r["body"]) ? "true" : "false";',
  },
];

function signedAt(at: Date): { headers: Record<string, string>; body: string } {
  const id = 'c1f2a9d0-0000-5000-8000-000000000000';
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = new Webhook(secret).sign(id, at, body);
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,other ${signature}`,
    },
    body,
  };
}

/** The signed requests of both pages. */
function vectors(): { by: string; headers: Record<string, string>; body: string }[] {
  return [page, sellersPage].map((one) => {
    const cells = rowsOf(one, 'of a request', 2).map((row) => row.map((cell) => cell.replaceAll('`', '')));
    const {
      secret: by = '',
      body: text = '',
      ...headers
    } = Object.fromEntries(cells) as Record<string, string>;
    return { by, headers, body: text };
  });
}

test('Each page shows a request with the exchange’s signature', () => {
  for (const { by, headers, body: text } of vectors()) {
    const { 'webhook-id': id = '', 'webhook-timestamp': timestamp } = headers;
    const signature = new Webhook(by).sign(id, new Date(Number(timestamp) * 1000), text);
    expect(headers['webhook-signature']).toBe(signature);
    expect(JSON.parse(text)).toHaveProperty('type');
  }
});

describe.each(LANGUAGES)(
  'The example of docs/buyer.md in $lang',
  ({ lang, binaries, args, name, clock, call }) => {
    const program = findBinary(binaries, process.env);
    const source = page.codes.find((code) => code.lang === lang && code.text.includes(name))?.text ?? '';
    const answer = (request: object, { by = secret, at }: { by?: string; at?: number } = {}): string => {
      // PHP's clock can't be set: the example gets the time as input.
      const code = at === undefined || clock ? source : source.replace('time()', String(at));
      const set = at === undefined ? '' : (clock?.(at) ?? '');
      const script = `${code.replace('<?php', '')}\n${set}\n${call}`;
      const ran = spawnSync(program ?? '', [...args, script, JSON.stringify(request), by], {
        encoding: 'utf8',
        // What a terminal asks of the tests is not asked of the example.
        env: { PATH: process.env.PATH },
      });
      return `${ran.stdout}${ran.stderr}`.trim();
    };

    test('is the same in docs/source.md, for sellers', () => {
      expect(sellersPage.codes.map(({ text }) => text)).toContain(source);
    });

    test.skipIf(program === undefined)('takes what is signed now, and nothing else', () => {
      const now = signedAt(new Date());
      expect(answer(now)).toBe('true');
      expect(answer({ ...now, body: body.replace('post', 'ping') })).toBe('false');
      expect(answer(signedAt(new Date(Date.now() - 6 * 60_000)))).toBe('false');
      expect(answer({ ...now, headers: { ...now.headers, 'webhook-id': 'another' } })).toBe('false');
    });

    test.skipIf(program === undefined)('refuses what is not signed, and does not fail', () => {
      const { headers } = signedAt(new Date());
      const without = (header: string) =>
        Object.fromEntries(Object.entries(headers).filter(([own]) => own !== header));
      expect(answer({ headers: { host: 'a' }, body: '' })).toBe('false');
      for (const header of Object.keys(headers))
        expect(answer({ headers: without(header), body })).toBe('false');
      expect(answer({ headers, body: '' })).toBe('false');
      for (const timestamp of ['', 'soon', '1e9', `${headers['webhook-timestamp']}.5`, '9'.repeat(5000)])
        expect(answer({ headers: { ...headers, 'webhook-timestamp': timestamp }, body })).toBe('false');
      for (const signature of ['', ' ', 'v1,', 'v1,é'])
        expect(answer({ headers: { ...headers, 'webhook-signature': signature }, body })).toBe('false');
    });

    test.skipIf(program === undefined)('takes the requests that the pages show as signed', () => {
      for (const { by, headers, body: text } of vectors()) {
        const at = Number(headers['webhook-timestamp']);
        expect(answer({ headers, body: text }, { by, at })).toBe('true');
        expect(answer({ headers, body: `${text} ` }, { by, at })).toBe('false');
      }
    });
  },
);
