import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { ModelInFile } from '../../src/market/file/models.js';
import { parseChange } from '../../src/market/file/parseChange.js';
import { parseMarket } from '../support/parseMarket.js';
import { readPage } from './page.js';

const page = readPage('docs/simulate.md');

describe('docs/simulate.md', () => {
  test('shows a change that applies to a market', () => {
    const market = parseMarket(readFileSync(join(packageRoot, 'test/market/file/market.yaml'), 'utf8'));
    if (!('market' in market)) throw new Error('The market of the tests has a fault');
    const change = page.codes.find(({ lang }) => lang === 'yaml change')?.text ?? '';
    expect(parseChange(change, market.market)).toHaveProperty('changed');
  });

  test('has a row for every key of a model', () => {
    const rows = Object.entries<Type.TSchema>(ModelInFile.properties).map(([key, schema]) => [
      `\`${key}\``,
      Type.IsOptional(schema) ? '' : '✓',
      'title' in schema ? schema.title : '',
    ]);
    const table = page.tables.find(({ section }) => section === 'The change');
    expect(table?.rows.map((row) => row.slice(0, 3))).toEqual(rows);
  });
});
