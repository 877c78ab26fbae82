import { expect, test } from 'vitest';
import { findPhrases, PHRASES } from '../../scripts/plainEnglish.mjs';

test.each(PHRASES)('plain English: finds "$found"', ({ find, found, write }) => {
  expect(findPhrases('docs/ops.md', found)).toContainEqual(expect.objectContaining({ find, write }));
});

test.each(PHRASES)('plain English: accepts "$clean"', ({ clean }) => {
  expect(findPhrases('docs/ops.md', clean)).toEqual([]);
});

test('plain English: reports line and column, also of a phrase that continues on the next line', () => {
  const text = '/**\n * Reads the market anew and\n * sends it to another\n * hand.\n */\n';
  expect(findPhrases('src/file.ts', text)).toMatchObject([
    { path: 'src/file.ts', line: 2, column: 21, text: 'anew' },
    { line: 3, column: 16, text: 'another hand' },
  ]);
});

test('plain English: each phrase names a replacement', () => {
  for (const { find, write } of PHRASES) expect([find, write]).not.toContain('');
});
