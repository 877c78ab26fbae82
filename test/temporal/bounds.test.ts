import { expect, test } from 'vitest';
import { keyword, keywords, summary } from '../../src/temporal/bounds.js';

const bytes = (text: string): number => Buffer.byteLength(text);

test('A text of a search attribute has 255 characters at the most', () => {
  expect(keyword('a'.repeat(255))).toBe('a'.repeat(255));
  expect(keyword('a'.repeat(256))).toBe(`${'a'.repeat(254)}…`);
});

test('A list of a search attribute has 2 KiB at the most, from its first entry on', () => {
  const ids = Array.from({ length: 100 }, (_, i) => `buyer-${i}-`.padEnd(64, 'x'));
  const kept = keywords(ids);
  expect(bytes(JSON.stringify(kept))).toBeLessThanOrEqual(2048);
  expect(kept.length).toBeGreaterThan(25);
  expect(kept).toEqual(ids.slice(0, kept.length));
  expect(keywords(ids.slice(0, 3))).toEqual(ids.slice(0, 3));
  expect(bytes(JSON.stringify(keywords(ids.map(() => '保'.repeat(300)))))).toBeLessThanOrEqual(2048);
});

test('A summary has 400 bytes at the most, and ends with a whole character', () => {
  expect(summary('Auto Insurance · TX')).toBe('Auto Insurance · TX');
  for (const long of ['a'.repeat(500), '保'.repeat(200), '😀'.repeat(150)]) {
    expect(bytes(summary(long))).toBeLessThanOrEqual(400);
    expect(bytes(summary(long))).toBeGreaterThan(370);
    expect(summary(long)).toMatch(/^(a+|保+|(😀)+)…$/u);
  }
});
