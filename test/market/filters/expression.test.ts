import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../../src/market/filters/expression.js';
import { processorClock } from '../../support/processorClock.js';

describe('A regular expression', () => {
  test.each(['(', '(?=a)', '(a)\\1', 'a{1001}', '((a{100}){9})'])('%s is rejected', (text) => {
    expect(() => compileExpression(text)).toThrow();
  });

  test('matches any part of any value, in any case unless it says otherwise', () => {
    expect(compileExpression('yot')(['Honda', 'TOYOTA'])).toBe(true);
    expect(compileExpression('(?-i)^T')(['toyota'])).toBe(false);
  });

  test('is searched in the longest values, such as a consent text with every partner', () => {
    const consent = `${'I agree to be called by any of these partners. '.repeat(200)}Northwind Mutual, Fabrikam Agents`;
    expect(compileExpression('(northwind mutual|contoso life|adatum)')([consent])).toBe(true);
  });
});

/** The hardest known cases: too many states for the automaton, with texts that reach them. */
const HARD = [
  '[ab]*a[ab]{90}z',
  '(.*a.{45}|.*b.{45})z',
  '(a|b)*a(a|b)(?:a|b){140}z',
  '(a?b?c?){15}[ab]*a.{45}z',
  '\\b(\\w*a\\w{180})z\\b',
  '(?:\\pL*a\\pL{230})z',
  '(.*a.{117}|.*b.{117})z',
  '^(a+)+$',
  '(x?a?)*(a|aa)+$',
];

/** Letters in a non-repeating order. */
function noise(length: number, letters: string): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return letters[(state >> 16) % letters.length];
  }).join('');
}

test.each(HARD)('%s takes at most a tenth of a second for any value', (text) => {
  const expression = compileExpression(text);
  for (const values of [
    [noise(10_000, 'ab')],
    [noise(10_000, 'abAB é')],
    [`${'a'.repeat(9999)}!`],
    [noise(6000, 'ab')],
    // The largest request.
    Array.from({ length: 6 }, () => noise(10_000, 'ab')),
  ]) {
    const spent = Array.from({ length: 3 }, () => {
      const clock = processorClock();
      expression(values);
      return clock();
    });
    // Twice the limit, because other tests may run at the same time.
    expect(Math.min(...spent)).toBeLessThan(200);
  }
});

test('Values too long for the size of an expression do not match', () => {
  const large = compileExpression(`(${'a?'.repeat(100)})+z`);
  expect(large([`${noise(1000, 'ab')}z`])).toBe(true);
  expect(large([`${noise(10_000, 'ab')}z`])).toBe(false);
});
