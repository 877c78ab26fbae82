import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADMIN_ERROR_CAUSES, type AdminErrorKind } from '../../src/api/admin/adminErrors.js';
import { BUYER_ERRORS, errorOf, ERRORS } from '../../src/api/errorTable.js';
import { RATE_HEADERS } from '../../src/api/http/rateLimits.js';
import { SECRET_SETTINGS, Settings } from '../../src/config.js';
import { packageRoot } from '../../src/packageRoot.js';
import { FIELDS } from '../../src/market/fields/standardFields.js';
import { SANDBOX } from '../../src/market/model/sandbox.js';
import { LEAD_REASONS, REASONS } from '../../src/market/model/reason.js';
import {
  RESOLVE_POST_UPDATE,
  RETRY_NOW_SIGNAL,
  searchAttributes,
  WITHDRAW_UPDATE,
} from '../../src/temporal/names.js';
import { SCOPES } from '../../src/store/scopes.js';
import { inCode, readPage, rowsOf } from './page.js';

describe('docs/settings.md', () => {
  test('names every setting with its default and its meaning', () => {
    const rows = Object.entries(Settings.properties).map(([name, schema]) => [
      inCode(name),
      'default' in schema && schema.default !== '' ? inCode(String(schema.default)) : '',
      'description' in schema ? String(schema.description) : '',
    ]);
    expect(rowsOf(readPage('docs/settings.md'), 'setting', 3)).toEqual(rows);
  });

  test('names every setting that can come from a file', () => {
    const [sentence = ''] =
      /This holds for .*? and `\w+`/.exec(readFileSync(join(packageRoot, 'docs/settings.md'), 'utf8')) ?? [];
    expect([...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(SECRET_SETTINGS);
  });
});

describe('docs/source.md', () => {
  const page = readPage('docs/source.md');

  test('names every error with its status code and cause', () => {
    const rows = Object.values(ERRORS).map(({ status, error, about }) => [
      String(status),
      inCode(error),
      about,
    ]);
    expect(rowsOf(page, 'code', 3)).toEqual(rows);
  });

  test('names every ZIP code of the sandbox with what it forces', () => {
    const rows = Object.entries(SANDBOX).map(([zip, forced]) => [
      inCode(zip),
      String('error' in forced ? ERRORS[forced.error].status : 200),
      forced.about,
    ]);
    expect(rowsOf(page, 'ZIP code', 3)).toEqual(rows);
  });

  test('contains only content for sources: no operator commands, no errors for buyers', () => {
    const code = [...page.codes.map(({ text }) => text), ...page.codespans];
    expect(code.filter((text) => /(?:^|\s)gavel /.test(text))).toEqual([]);
    const errors = rowsOf(page, 'code', 2).map(([, error]) => error);
    for (const { error } of Object.values(BUYER_ERRORS)) expect(errors).not.toContain(inCode(error));
  });

  test('names every field with a defined meaning', () => {
    const rows = Object.entries(FIELDS).map(([name, { about, example }]) => [
      inCode(name),
      about,
      inCode(example),
    ]);
    expect(rowsOf(page, 'field', 3)).toEqual(rows);
  });

  test('names the headers of the rate limit', () => {
    expect(rowsOf(page, 'header').flat()).toEqual(Object.keys(RATE_HEADERS).map(inCode));
  });

  test('names every reason of an unsold lead', () => {
    expect(rowsOf(page, 'reason').flat()).toEqual(LEAD_REASONS.map(inCode));
  });
});

describe('docs/buyer.md', () => {
  test('names every error that only buyers get', () => {
    const rows = rowsOf(readPage('docs/buyer.md'), 'code', 2);
    for (const { status, error } of Object.values(BUYER_ERRORS))
      expect(rows).toContainEqual([String(status), inCode(error)]);
  });
});

describe('docs/admin.md', () => {
  const page = readPage('docs/admin.md');

  test('names every error of the admin API with its status code and cause', () => {
    const rows = (Object.keys(ADMIN_ERROR_CAUSES) as AdminErrorKind[]).map((kind) => {
      const { status, error } = errorOf(kind);
      return [String(status), inCode(error), ADMIN_ERROR_CAUSES[kind]];
    });
    expect(rowsOf(page, 'code', 3)).toEqual(rows);
  });

  test('names every scope with its operations', () => {
    const rows = Object.entries(SCOPES).map(([name, opens]) => [inCode(name), opens]);
    expect(rowsOf(page, 'scope', 2)).toEqual(rows);
  });
});

describe('docs/ops.md', () => {
  const page = readPage('docs/ops.md');

  test('names every search attribute with its type', () => {
    const inWords = (type: string): string =>
      `${type[0] ?? ''}${type.slice(1).toLowerCase().replace('_', ' ')}`;
    const rows = Object.values(searchAttributes).map(({ name, type }) => [inCode(name), inWords(type)]);
    expect(rowsOf(page, 'search attribute', 2)).toEqual(rows);
  });

  test('names every signal and update that ops can send', () => {
    const sent = rowsOf(page, 'to', 2).map(([, how = '']) => how.split(', ').at(-1));
    expect(sent).toEqual([RETRY_NOW_SIGNAL, WITHDRAW_UPDATE, RESOLVE_POST_UPDATE].map(inCode));
  });

  test('explains every reason, first of contracts, then of leads', () => {
    expect(rowsOf(page, 'reason').flat()).toEqual([...REASONS, ...LEAD_REASONS].map(inCode));
  });
});

describe('docs/monitoring.md', () => {
  test('names every event that API and worker log', () => {
    const folders = [
      'src/api',
      'src/cli',
      'src/redis',
      'src/store',
      'src/temporal',
      'src/worker',
      'src/buyers',
      'activities',
    ];
    const logged = folders.flatMap((folder) =>
      readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap((name) => [
          ...readFileSync(join(packageRoot, folder, name), 'utf8').matchAll(/\bevent: '(\w+)'/g),
        ])
        .map(([, event = '']) => event),
    );
    const documented = rowsOf(readPage('docs/monitoring.md'), 'event').flatMap(([cell = '']) =>
      cell.split(', '),
    );
    expect(documented.sort()).toEqual([...new Set(logged)].map(inCode).sort());
  });
});
