import { spawnSync } from 'node:child_process';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { findBinary } from '../../src/local/findBinary.js';
import { readPage } from './page.js';

const page = readPage('docs/buyer.md');
const sellersPage = readPage('docs/source.md');
const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const body = JSON.stringify({ type: 'post', lead: { firstName: 'Zoë' } });

/** Runs what the page shows, then one line that calls it with a request as JSON and prints true or false. */
const LANGUAGES = [
  {
    lang: 'js',
    binaries: ['node'],
    args: ['--input-type=module', '-e'],
    call: 'const { headers, body } = JSON.parse(process.argv[1]); console.log(isSigned(process.argv[2], headers, body));',
  },
  {
    lang: 'python',
    binaries: ['python3'],
    args: ['-c'],
    call: 'import json, sys\nr = json.loads(sys.argv[1])\nprint(str(is_signed(sys.argv[2], r["headers"], r["body"].encode())).lower())',
  },
  {
    lang: 'php',
    binaries: ['php'],
    args: ['-r'],
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

describe.each(LANGUAGES)('The example of docs/buyer.md in $lang', ({ lang, binaries, args, call }) => {
  const program = findBinary(binaries, process.env);
  const source = page.codes.find((code) => code.lang === lang)?.text ?? '';
  const answer = (request: object): string => {
    const script = `${source.replace('<?php', '')}\n${call}`;
    const ran = spawnSync(program ?? '', [...args, script, JSON.stringify(request), secret], {
      encoding: 'utf8',
      // What a terminal asks of the tests is not asked of the example.
      env: { PATH: process.env.PATH },
    });
    return `${ran.stdout}${ran.stderr}`.trim();
  };

  test('is the same as that of docs/source.md, where sellers read it', () => {
    expect(sellersPage.codes.map(({ text }) => text)).toContain(source);
  });

  test.skipIf(program === undefined)('takes what is signed now, and nothing else', () => {
    const now = signedAt(new Date());
    expect(answer(now)).toBe('true');
    expect(answer({ ...now, body: body.replace('post', 'ping') })).toBe('false');
    expect(answer(signedAt(new Date(Date.now() - 6 * 60_000)))).toBe('false');
    expect(answer({ ...now, headers: { ...now.headers, 'webhook-id': 'another' } })).toBe('false');
  });
});
