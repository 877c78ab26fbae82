import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterSale,
  countsSince,
  DAY_MS,
  isDuplicate,
  latestHolds,
  SALES_KEPT,
  type Hold,
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
const holds: fc.Arbitrary<Hold> = fc
  .tuple(asking, matches, fc.integer({ min: 0, max: 40 * DAY_MS }))
  .map(([who, match, ago]) => ({ ...who, ...match, sale: `${who.lead}/${who.contract}`, at: NOW - ago }));

/** Omits a field that the person did not give. */
function stated({ phone, email }: { phone: string | undefined; email: string | undefined }): PersonHashes {
  return { ...(phone !== undefined && { phone }), ...(email !== undefined && { email }) };
}

/** The hold's contract asks for the hold's lead, of a person with these hashes. */
const asks = ({ lead, contract, buyer, campaign }: Hold, match: PersonHashes) => ({
  lead,
  contract,
  buyer,
  campaign,
  ...match,
});

const holdsFor = (
  property: (rule: DuplicateRule, who: Hold, match: PersonHashes, hold: Hold) => void,
): void => fc.assert(fc.property(rules, holds, matches, holds, property), { numRuns: 2000 });

describe('Whether a lead is a duplicate', () => {
  test('is symmetric: it does not depend on which of two leads was sold first', () => {
    holdsFor((rule, one, _match, other) => {
      const [a, b] = [
        { ...one, at: NOW - 1 },
        { ...other, at: NOW - 1 },
      ];
      expect(isDuplicate(rule, a, [b], NOW)).toBe(isDuplicate(rule, b, [a], NOW));
    });
  });

  test('is never true for empty fields: a person without any of them is no duplicate', () => {
    holdsFor((rule, who, match, hold) => {
      const without = Object.fromEntries(
        Object.entries(match).filter(([field]) => !rule.by.some((by) => by === field)),
      );
      const { contract, buyer, campaign } = who;
      const unknown: Hold = { sale: 'sale', lead: 'another', contract, buyer, campaign, at: NOW };
      expect(isDuplicate(rule, asks(who, without), [unknown, hold], NOW)).toBe(false);
    });
  });

  test('considers only other leads within the days of the rule', () => {
    holdsFor((rule, who, match, hold) => {
      if (!isDuplicate(rule, asks(who, match), [hold], NOW)) return;
      expect(hold.lead).not.toBe(who.lead);
      expect(hold[rule.per]).toBe(who[rule.per]);
      expect(hold.at).toBeGreaterThan(countsSince(rule, NOW));
      expect(isDuplicate(rule, asks(who, match), [hold], hold.at + rule.withinDays * DAY_MS)).toBe(false);
    });
  });

  test('counts a lead in flight: a hold made at the same time', () => {
    holdsFor((rule, who, match, hold) => {
      const inFlight = { ...hold, ...who, ...match, lead: 'another', at: NOW };
      const gave = rule.by.filter((field) => match[field] !== undefined);
      const isSame = rule.match === 'any' ? gave.length > 0 : gave.length === rule.by.length;
      expect(isDuplicate(rule, asks(who, match), [inFlight], NOW)).toBe(isSame);
    });
  });

  test('is at least as likely with more holds, with more days, and if any field is enough', () => {
    holdsFor((rule, who, match, hold) => {
      if (!isDuplicate(rule, asks(who, match), [hold], NOW)) return;
      expect(isDuplicate(rule, asks(who, match), [{ ...hold, lead: who.lead }, hold], NOW)).toBe(true);
      expect(isDuplicate({ ...rule, withinDays: rule.withinDays + 1 }, asks(who, match), [hold], NOW)).toBe(
        true,
      );
      expect(isDuplicate({ ...rule, match: 'any' }, asks(who, match), [hold], NOW)).toBe(true);
    });
  });

  test('does not change when sales that no rule needs are forgotten', () => {
    const events = fc.array(fc.tuple(holds, fc.boolean()), { maxLength: 20 });
    const property = (rule: DuplicateRule, who: Hold, made: [Hold, boolean][]): void => {
      const inOrder = made
        .map(([hold, isRefused], i) => ({
          // The buyer and the campaign of a contract stay the same.
          hold: {
            ...hold,
            lead: `l${i}`,
            sale: `${i}`,
            phone: 'p',
            email: undefined,
            buyer: 'b1',
            campaign: 'k1',
          },
          isRefused,
        }))
        .sort((a, b) => a.hold.at - b.hold.at);
      let kept: Hold[] = [];
      const all: Hold[] = [];
      for (const { hold, isRefused } of inOrder) {
        kept = [...kept, { ...hold, posting: true }];
        kept = isRefused ? kept.filter(({ sale }) => sale !== hold.sale) : afterSale(kept, hold);
        if (!isRefused) all.push(hold);
      }
      for (const lead of ['another', ...all.map((hold) => hold.lead)])
        expect(isDuplicate(rule, { ...who, lead, phone: 'p' }, kept, NOW)).toBe(
          isDuplicate(rule, { ...who, lead, phone: 'p' }, all, NOW),
        );
      expect(kept.length).toBeLessThanOrEqual(2 * SALES_KEPT);
      expect(latestHolds(all)).toHaveLength(kept.length);
    };
    fc.assert(fc.property(rules, holds, events, property), { numRuns: 1000 });
  });
});
