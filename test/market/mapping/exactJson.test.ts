import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, parseExactJson } from '../../../src/market/mapping/exactJson.js';
import { processorClock } from '../../support/processorClock.js';

/** The most that a source can send. */
const SIZE = 64 * 1024;

describe('A body that is not JSON costs a source’s address no more than one that is', () => {
  test.each([
    ['ends within a text', `{"first":"${'x'.repeat(SIZE)}`],
    ['ends within an escape', `{"first":"${'x'.repeat(SIZE)}\\`],
    ['is full of quotes', `{"first":"${String.raw`\"`.repeat(SIZE / 2)}`],
    ['has a line break in a text', `{"first":"${'x'.repeat(SIZE)}\n"}`],
  ])('if it %s', (_, body) => {
    const spent = processorClock();
    expect(parseExactJson(body)).toBeUndefined();
    expect(spent()).toBeLessThan(1000);
  });

  test('or is nested too deep', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseExactJson(nested(MAX_DEPTH))).toBeDefined();
    expect(parseExactJson(nested(MAX_DEPTH + 1))).toBeUndefined();
    expect(parseExactJson(nested(SIZE / 2))).toBeUndefined();
  });
});
