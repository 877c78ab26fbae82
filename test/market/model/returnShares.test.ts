import { describe, expect, test } from 'vitest';
import { isReasonCode, reasonCode, refundOf, returnRefusal } from '../../../src/market/model/returnShares.js';
import type { ReturnPolicy } from '../../../src/market/model/market.js';

describe('Of a lead that cost $45.00 and earned $36.00, a return of', () => {
  test.each([
    [100, 4500, 3600],
    [50, 2250, 1800],
    [0.57, 25, 20],
    [33.33, 1499, 1199],
    [0, 0, 0],
  ])('%d %% gives the buyer and takes from the seller whole cents, rounded down', (percent, gets, pays) => {
    const refund = refundOf({ price: 4500, earns: 3600 }, percent);
    expect(refund).toEqual({ buyerGets: gets, sellerPays: pays, housePays: gets - pays });
  });

  test('a hundredth of a percent is exact: 0.57 % of $100.00 are 57 cents', () => {
    expect(refundOf({ price: 10_000, earns: 10_000 }, 0.57).buyerGets).toBe(57);
  });
});

test.each([
  ['Wrong Number', 'wrong_number'],
  ['WRONG-NUMBER', 'wrong_number'],
  ['  wrong   number! ', 'wrong_number'],
  ['__bad__', 'bad'],
  ['a', 'a'],
  ['a'.repeat(40), 'a'.repeat(40)],
  ['a'.repeat(41), undefined],
  ['1st', undefined],
  ['Größe', undefined],
  ['--', undefined],
  ['', undefined],
])('The reason “%s” has the code %s', (text, code) => {
  expect(reasonCode(text)).toBe(code);
});

test.each([
  ['wrong_number', true],
  ['a1_', true],
  ['Wrong', false],
  ['1st', false],
  ['wrong number', false],
  [' wrong', false],
  ['wrong\n', false],
])('“%s” is a code: %s', (text, isCode) => {
  expect(isReasonCode(text)).toBe(isCode);
});

describe('A buyer may give a lead back', () => {
  const policy = { within: 1000, reasons: ['wrong_number'] } as ReturnPolicy;

  test.each<[string, ReturnPolicy | undefined, string, number, string | undefined]>([
    ['for an agreed reason, up to the last millisecond', policy, 'wrong_number', 1000, undefined],
    ['not a millisecond later', policy, 'wrong_number', 1001, 'too_late'],
    ['not for another reason', policy, 'spam', 0, 'wrong_reason'],
    ['for any reason, if none is agreed', { ...policy, reasons: undefined }, 'spam', 0, undefined],
    ['not without an agreement', undefined, 'wrong_number', 0, 'not_agreed'],
  ])('%s', (_, agreed, reason, later, refusal) => {
    expect(returnRefusal(agreed, reason, 5000, 5000 + later)).toBe(refusal);
  });
});
