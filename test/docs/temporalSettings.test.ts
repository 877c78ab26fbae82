import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pickSettings, TEMPORAL_SETTINGS } from '../../src/config.js';
import { connectionOptions } from '../../src/temporal/connection.js';
import { readPage } from './page.js';

const examples = readPage('docs/operator.md').codes.filter(({ lang }) => lang === 'sh settings');

describe('The examples of a connection to Temporal in docs/operator.md', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'gavel-examples-'));
    writeFileSync(join(dir, 'PATH'), '-----BEGIN CERTIFICATE-----\n');
    writeFileSync(join(dir, 'FILE'), 'key\n');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each(examples.map(({ text }) => [text]))('are valid and connect with TLS: %s', (text) => {
    const lines = text.split('\n').map((line) => line.split('=') as [name: string, value: string]);
    const env = Object.fromEntries(
      lines.map(([name, value]) => [name, value.replace(/^\/etc\/.*/, join(dir, name.slice(-4)))]),
    );
    const settings = pickSettings(TEMPORAL_SETTINGS, env, {});
    const set = TEMPORAL_SETTINGS.filter(
      (name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined,
    );
    expect(set).toHaveLength(lines.length);
    const { tls } = connectionOptions(settings);
    expect(tls).not.toBe(false);
  });

  test('cover a key, a client certificate, a private authority and a public certificate', () => {
    const names = examples.flatMap(({ text }) =>
      [...text.matchAll(/^(\w+?)(?:_FILE)?=/gm)].map(([, name]) => name),
    );
    expect([...new Set(names)].toSorted()).toEqual([...TEMPORAL_SETTINGS].toSorted());
  });
});
