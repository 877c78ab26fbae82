import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterSale,
  countsSince,
  DAY_MS,
  isDuplicate,
  latestPurchases,
  SALES_KEPT,
  type Purchase,
  type PersonHashes,
} from '../../../src/market/limits/duplicates.js';
import type { DuplicateRule } from '../../../src/market/model/market.js';

const NOW = Date.UTC(2026, 10, 24);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const of = (...names: string[]) => fc.constantFrom(...names);

const matches: fc.Arbitrary<PersonHashes> = fc
  .record({ phone: maybe(of('p', 'q')), email: maybe(of('e', 'f')) })
  .map(stated);
const rules: fc.Arbitrary<DuplicateRule> = fc.record({
  by: fc.constantFrom<DuplicateRule['by']>(['phone'], ['email'], ['phone', 'email']),
  match: fc.constantFrom('any' as const, 'all' as const),
  withinDays: fc.integer({ min: 1, max: 30 }),
  per: fc.constantFrom('contract' as const, 'buyer' as const, 'campaign' as const),
});
const asking = fc.record({
  lead: of('l1', 'l2'),
  contract: of('c1', 'c2'),
  buyer: of('b1', 'b2'),
  campaign: of('k1', 'k2'),
});
const purchases: fc.Arbitrary<Purchase> = fc
  .tuple(asking, matches, fc.integer({ min: 0, max: 40 * DAY_MS }))
  .map(([who, match, ago]) => ({ ...who, ...match, sale: `${who.lead}/${who.contract}`, at: NOW - ago }));

/** Omits a field that the person did not give. */
function stated({ phone, email }: { phone: string | undefined; email: string | undefined }): PersonHashes {
  return { ...(phone !== undefined && { phone }), ...(email !== undefined && { email }) };
}

/** The purchase's contract asks for the purchase's lead, of a person with these hashes. */
const asks = ({ lead, contract, buyer, campaign }: Purchase, match: PersonHashes) => ({
  lead,
  contract,
  buyer,
  campaign,
  ...match,
});

const always = (
  property: (rule: DuplicateRule, who: Purchase, match: PersonHashes, purchase: Purchase) => void,
): void => fc.assert(fc.property(rules, purchases, matches, purchases, property), { numRuns: 2000 });

describe('Whether a lead is a duplicate', () => {
  test('is symmetric: it does not depend on which of two leads was sold first', () => {
    always((rule, one, _match, other) => {
      const [a, b] = [
        { ...one, at: NOW - 1 },
        { ...other, at: NOW - 1 },
      ];
      expect(isDuplicate(rule, a, [b], NOW)).toBe(isDuplicate(rule, b, [a], NOW));
    });
  });

  test('is never true for empty fields: a person without any of them is no duplicate', () => {
    always((rule, who, match, purchase) => {
      const without = Object.fromEntries(
        Object.entries(match).filter(([field]) => !rule.by.some((by) => by === field)),
      );
      const { contract, buyer, campaign } = who;
      const unknown: Purchase = { sale: 'sale', lead: 'another', contract, buyer, campaign, at: NOW };
      expect(isDuplicate(rule, asks(who, without), [unknown, purchase], NOW)).toBe(false);
    });
  });

  test('considers only other leads within the days of the rule', () => {
    always((rule, who, match, purchase) => {
      if (!isDuplicate(rule, asks(who, match), [purchase], NOW)) return;
      expect(purchase.lead).not.toBe(who.lead);
      expect(purchase[rule.per]).toBe(who[rule.per]);
      expect(purchase.at).toBeGreaterThan(countsSince(rule, NOW));
      expect(isDuplicate(rule, asks(who, match), [purchase], purchase.at + rule.withinDays * DAY_MS)).toBe(
        false,
      );
    });
  });

  test('counts a lead in flight: a purchase made at the same time', () => {
    always((rule, who, match, purchase) => {
      const inFlight = { ...purchase, ...who, ...match, lead: 'another', at: NOW };
      const gave = rule.by.filter((field) => match[field] !== undefined);
      const isSame = rule.match === 'any' ? gave.length > 0 : gave.length === rule.by.length;
      expect(isDuplicate(rule, asks(who, match), [inFlight], NOW)).toBe(isSame);
    });
  });

  test('is at least as likely with more purchases, with more days, and if any field is enough', () => {
    always((rule, who, match, purchase) => {
      if (!isDuplicate(rule, asks(who, match), [purchase], NOW)) return;
      expect(isDuplicate(rule, asks(who, match), [{ ...purchase, lead: who.lead }, purchase], NOW)).toBe(
        true,
      );
      expect(
        isDuplicate({ ...rule, withinDays: rule.withinDays + 1 }, asks(who, match), [purchase], NOW),
      ).toBe(true);
      expect(isDuplicate({ ...rule, match: 'any' }, asks(who, match), [purchase], NOW)).toBe(true);
    });
  });

  test('does not change when sales that no rule needs are forgotten', () => {
    const events = fc.array(fc.tuple(purchases, fc.boolean()), { maxLength: 20 });
    const property = (rule: DuplicateRule, who: Purchase, made: [Purchase, boolean][]): void => {
      const inOrder = made
        .map(([purchase, isRefused], i) => ({
          // The buyer and the campaign of a contract stay the same.
          purchase: {
            ...purchase,
            lead: `l${i}`,
            sale: `${i}`,
            phone: 'p',
            email: undefined,
            buyer: 'b1',
            campaign: 'k1',
          },
          isRefused,
        }))
        .sort((a, b) => a.purchase.at - b.purchase.at);
      let kept: Purchase[] = [];
      const all: Purchase[] = [];
      for (const { purchase, isRefused } of inOrder) {
        kept = [...kept, { ...purchase, posting: true }];
        kept = isRefused ? kept.filter(({ sale }) => sale !== purchase.sale) : afterSale(kept, purchase);
        if (!isRefused) all.push(purchase);
      }
      for (const lead of ['another', ...all.map((purchase) => purchase.lead)])
        expect(isDuplicate(rule, { ...who, lead, phone: 'p' }, kept, NOW)).toBe(
          isDuplicate(rule, { ...who, lead, phone: 'p' }, all, NOW),
        );
      expect(kept.length).toBeLessThanOrEqual(2 * SALES_KEPT);
      expect(latestPurchases(all)).toHaveLength(kept.length);
    };
    fc.assert(fc.property(rules, purchases, events, property), { numRuns: 1000 });
  });
});
