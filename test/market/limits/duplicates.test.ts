import { describe, expect, test } from 'vitest';
import {
  comparedBuyers,
  DAY_MS,
  duplicateExclusion,
  isDuplicate,
  isOnBuyerList,
  LONGEST_WINDOW_MS,
  ON_BUYER_LIST,
  personIds,
  type Purchase,
  type PersonHashes,
} from '../../../src/market/limits/duplicates.js';
import type { DuplicateRule } from '../../../src/market/model/market.js';

const NOW = Date.UTC(2026, 10, 24);
const rule: DuplicateRule = { by: ['phone', 'email'], match: 'any', withinDays: 30, per: 'contract' };
const asking = { lead: 'new', contract: 'ACME/auto/best', buyer: 'best', campaign: 'ACME/auto' };
const person: PersonHashes = { phone: 'p1', email: 'e1' };
const sold: Purchase = { ...asking, ...person, lead: 'old', sale: 's', at: NOW - DAY_MS };

describe('A lead is a duplicate', () => {
  test.each<[string, Partial<DuplicateRule>, PersonHashes, Partial<Purchase>]>([
    ['if the contract has the person’s phone and e-mail', {}, person, {}],
    ['if the phone is the same, and one field is enough', {}, person, { email: 'e2' }],
    ['if the e-mail is the same, and one field is enough', {}, { email: 'e1' }, { phone: 'p2' }],
    ['if both are the same, and both must be', { match: 'all' }, person, {}],
    ['if the field of the rule is the same', { by: ['phone'], match: 'all' }, person, { email: 'e2' }],
    ['one millisecond before the days are over', {}, person, { at: NOW - 30 * DAY_MS + 1 }],
    ['of another contract of the buyer', { per: 'buyer' }, person, { contract: 'x', campaign: 'y' }],
    ['of another buyer of the campaign', { per: 'campaign' }, person, { contract: 'x', buyer: 'z' }],
  ])('%s', (_, terms, match, purchase) => {
    expect(isDuplicate({ ...rule, ...terms }, { ...asking, ...match }, [{ ...sold, ...purchase }], NOW)).toBe(
      true,
    );
  });

  test.each<[string, Partial<DuplicateRule>, PersonHashes, Partial<Purchase>]>([
    ['not if phone and e-mail differ', {}, person, { phone: 'p2', email: 'e2' }],
    ['not if one field differs, and both must be the same', { match: 'all' }, person, { email: 'e2' }],
    ['not if a field is missing, and both must be the same', { match: 'all' }, { phone: 'p1' }, {}],
    ['not because neither has a phone', { by: ['phone'] }, { email: 'e1' }, { phone: undefined }],
    ['not by a field that the rule does not name', { by: ['email'] }, { phone: 'p1' }, {}],
    ['not when the days are over', {}, person, { at: NOW - 30 * DAY_MS }],
    ['not of itself: the sale is shared', {}, person, { lead: 'new' }],
    ['not of another contract, if the rule is for the contract', {}, person, { contract: 'x' }],
    ['not of another buyer, if the rule is for the buyer', { per: 'buyer' }, person, { buyer: 'x' }],
    ['not of another campaign, if the rule is for it', { per: 'campaign' }, person, { campaign: 'x' }],
  ])('%s', (_, terms, match, purchase) => {
    expect(isDuplicate({ ...rule, ...terms }, { ...asking, ...match }, [{ ...sold, ...purchase }], NOW)).toBe(
      false,
    );
  });

  test('by any of several earlier leads', () => {
    const others = [{ ...sold, phone: 'p2', email: 'e2' }, sold];
    expect(isDuplicate(rule, { ...asking, ...person }, others, NOW)).toBe(true);
    expect(isDuplicate(rule, { ...asking, ...person }, [], NOW)).toBe(false);
  });
});

test('No rule looks back further than ten years', () => {
  expect(LONGEST_WINDOW_MS).toBe(10 * 365 * 24 * 60 * 60 * 1000);
});

test('A person is known by phone and e-mail, each only if it was given', () => {
  expect(personIds(person)).toEqual(['phone:p1', 'email:e1']);
  expect(personIds({ email: 'e1' })).toEqual(['email:e1']);
  expect(personIds({ phone: 'p1' })).toEqual(['phone:p1']);
  expect(personIds({})).toEqual([]);
});

describe('A buyer’s sales in other campaigns matter', () => {
  const campaign = { id: 'ACME/auto' };
  const contract = { campaign: 'ACME/auto', buyer: 'best' };
  const perBuyer = { duplicates: { ...rule, per: 'buyer' as const } };
  const perContract = { duplicates: rule };

  test('if its contract compares by buyer', () => {
    const other = { campaign: 'ACME/auto', buyer: 'good' };
    expect([...comparedBuyers([campaign], [{ ...contract, ...perBuyer }, other])]).toEqual(['best']);
  });

  test('if the campaign of its contract does', () => {
    const elsewhere = { campaign: 'ACME/home', buyer: 'good' };
    const campaigns = [{ ...campaign, ...perBuyer }, { id: 'ACME/home' }];
    expect([...comparedBuyers(campaigns, [contract, elsewhere])]).toEqual(['best']);
  });

  test('not if both compare by contract, or do not compare', () => {
    expect(comparedBuyers([campaign], [contract]).size).toBe(0);
    expect(comparedBuyers([{ ...campaign, ...perContract }], [{ ...contract, ...perContract }]).size).toBe(0);
  });
});

test('The refusal names the rule', () => {
  expect(duplicateExclusion(rule)).toEqual({
    reason: 'duplicate',
    detail: 'within 30 days, by phone and email',
  });
});

test('A person on the buyer’s own list is told from one under the rule', () => {
  expect(isOnBuyerList(ON_BUYER_LIST)).toBe(true);
  expect(isOnBuyerList(duplicateExclusion(rule))).toBe(false);
  expect(isOnBuyerList({ reason: 'filtered', detail: ON_BUYER_LIST.detail })).toBe(false);
});
