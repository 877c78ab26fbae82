import { expect, test } from 'vitest';
import { fitKeyword, fitKeywords, fitSummary } from '../../src/temporal/sizeLimits.js';

const bytes = (text: string): number => Buffer.byteLength(text);

test('A search attribute’s text is cut to 255 characters', () => {
  expect(fitKeyword('a'.repeat(255))).toBe('a'.repeat(255));
  expect(fitKeyword('a'.repeat(256))).toBe(`${'a'.repeat(254)}…`);
});

test('A search attribute’s list is cut to 2 KiB and keeps its first entries', () => {
  const ids = Array.from({ length: 100 }, (_, i) => `buyer-${i}-`.padEnd(64, 'x'));
  const kept = fitKeywords(ids);
  expect(bytes(JSON.stringify(kept))).toBeLessThanOrEqual(2048);
  expect(kept.length).toBeGreaterThan(25);
  expect(kept).toEqual(ids.slice(0, kept.length));
  expect(fitKeywords(ids.slice(0, 3))).toEqual(ids.slice(0, 3));
  expect(bytes(JSON.stringify(fitKeywords(ids.map(() => '保'.repeat(300)))))).toBeLessThanOrEqual(2048);
});

test('A summary is cut to 400 bytes at a character boundary', () => {
  expect(fitSummary('Auto Insurance · TX')).toBe('Auto Insurance · TX');
  for (const long of ['a'.repeat(500), '保'.repeat(200), '😀'.repeat(150)]) {
    expect(bytes(fitSummary(long))).toBeLessThanOrEqual(400);
    expect(bytes(fitSummary(long))).toBeGreaterThan(370);
    expect(fitSummary(long)).toMatch(/^(a+|保+|(😀)+)…$/u);
  }
});
