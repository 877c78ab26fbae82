import { describe, expect, test } from 'vitest';
import { formatDecimal, formatMoney, minorDigits, toDecimal, toMinor } from '../../src/market/money.js';

test.each([
  ['USD', 2],
  ['JPY', 0],
  ['KWD', 3],
])('%s has %d decimal places', (currency, digits) => {
  expect(minorDigits(currency)).toBe(digits);
});

describe('An amount in minor units', () => {
  test.each([
    [45.5, 'USD', 4550],
    [0.1 + 0.2, 'USD', 30],
    [1.005, 'USD', undefined],
    [0.001, 'USD', undefined],
    [0.001, 'KWD', 1],
    [45, 'JPY', 45],
    [45.5, 'JPY', undefined],
    [0, 'USD', 0],
    [-5, 'USD', -500],
    [1e15, 'USD', undefined],
    [Infinity, 'USD', undefined],
    [NaN, 'USD', undefined],
  ])('%d %s is %s', (amount, currency, minor) => {
    expect(toMinor(amount, currency)).toBe(minor);
  });

  test.each([
    [4550, 'USD', 45.5, '$45.50'],
    [1, 'USD', 0.01, '$0.01'],
    [45, 'JPY', 45, '¥45'],
    [123_456_789, 'USD', 1_234_567.89, '$1,234,567.89'],
  ])('%d %s is the decimal %d, and people read %s', (minor, currency, decimal, text) => {
    expect(toDecimal(minor, currency)).toBe(decimal);
    expect(formatMoney(minor, currency)).toBe(text);
    expect(formatDecimal(decimal, currency)).toBe(text);
  });
});
