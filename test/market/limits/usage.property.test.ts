import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSchedule } from '../../../src/market/calendar/schedule.js';
import { windowKey } from '../../../src/market/calendar/windows.js';
import {
  fullLimit,
  limitsOf,
  limitFreesAt,
  balanceExclusion,
  type Limit,
  type Usage,
} from '../../../src/market/limits/usage.js';

const runs = { numRuns: 2000 };
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const few = maybe(fc.integer({ min: 1, max: 20 }));

const moments = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2029, 0, 1) });
const zones = fc.constantFrom('UTC', 'America/Chicago', 'Asia/Kathmandu', 'Australia/Lord_Howe');
const schedule = compileSchedule({ timezone: 'America/Chicago', open: ['Mon-Fri 08:00-20:00'] });

const contracts = fc.record({
  caps: fc.record({ hour: few, day: few, week: few, month: few, total: few }),
  postCaps: fc.record({ hour: few, day: few }),
  budget: fc.record({
    day: maybe(fc.integer({ min: 1, max: 9000 })),
    total: maybe(fc.integer({ min: 1, max: 9000 })),
  }),
  pace: fc.boolean(),
  timezone: zones,
});
const prices = fc.integer({ min: 1, max: 5000 });

/** The usage after a sale. */
function taken(usage: Usage, limits: readonly Limit[]): Usage {
  const after = { ...usage };
  for (const { counter, window, adds } of limits) {
    const used = after[counter];
    after[counter] = { ...used, [window]: (used?.[window] ?? 0) + adds };
  }
  return after;
}

describe('Any limits at any time', () => {
  test('are never exceeded by sales that all of them allow', () => {
    fc.assert(
      fc.property(
        contracts,
        fc.array(fc.tuple(prices, fc.nat(90_000_000)), { maxLength: 8 }),
        moments,
        (contract, sales, start) => {
          let usage: Usage = {};
          let now = start;
          for (const [price, later] of sales) {
            now += later;
            const limits = limitsOf(contract, schedule, price, now);
            if (fullLimit(limits, usage)) continue;
            usage = taken(usage, limits);
            const isOver = ({ counter, window, most }: Limit) => (usage[counter]?.[window] ?? 0) > most;
            expect(limits.find(isOver)).toBeUndefined();
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('allow no more for a higher price or after another sale', () => {
    fc.assert(
      fc.property(contracts, prices, prices, moments, (contract, one, other, now) => {
        const [cheap, dear] = one < other ? [one, other] : [other, one];
        const isFull = (price: number, usage: Usage): boolean =>
          fullLimit(limitsOf(contract, schedule, price, now), usage) !== undefined;
        if (isFull(cheap, {})) expect(isFull(dear, {})).toBe(true);
        const after = taken({}, limitsOf(contract, schedule, cheap, now));
        if (isFull(dear, {})) expect(isFull(dear, after)).toBe(true);
      }),
      runs,
    );
  });

  test('count once in each window of the contract’s time zone', () => {
    fc.assert(
      fc.property(contracts, prices, moments, (contract, price, now) => {
        const limits = limitsOf(contract, schedule, price, now);
        const names = limits.map(({ counter, period }) => `${counter} ${period}`);
        expect(new Set(names).size).toBe(names.length);
        const shown = limits.map(({ period }) => windowKey(period, contract.timezone, now));
        expect(limits.map(({ window }) => window).join()).toBe(shown.join());
      }),
      runs,
    );
  });

  test('allow sales again in a later window, or never by themselves', () => {
    fc.assert(
      fc.property(contracts, moments, (contract, now) => {
        const unpaced = { ...contract, pace: false };
        const turnsThen = (limit: Limit): boolean => {
          const at = limitFreesAt(limit, { contract: unpaced }, limit.most, now);
          if (at === undefined || limit.period === 'total')
            return at === undefined && limit.period === 'total';
          const windowAt = (moment: number) => windowKey(limit.period, contract.timezone, moment);
          return at > now && windowAt(at) !== limit.window && windowAt(at - 1) === limit.window;
        };
        const wrong = limitsOf(unpaced, undefined, 1, now).filter((limit) => !turnsThen(limit));
        expect(wrong).toHaveLength(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('spread over the day never exceed the daily cap, and grow during the day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), moments, fc.nat(6 * 3_600_000), (day, now, later) => {
        const paced = { caps: { day }, pace: true, timezone: 'America/Chicago' };
        const most = (at: number): number => limitsOf(paced, schedule, 1, at)[0]?.most ?? NaN;
        expect(most(now)).toBeLessThanOrEqual(day);
        if (windowKey('day', paced.timezone, now) === windowKey('day', paced.timezone, now + later))
          expect(most(now + later)).toBeGreaterThanOrEqual(most(now));
      }),
      { numRuns: 2000 },
    );
  });
});

test('A prepaid buyer can pay at most its balance', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: 9000 }), prices, (balance, price) => {
      const buyer = { balance: 0, currency: 'USD' };
      expect(balanceExclusion(buyer, { balance }, price, 'USD') === undefined).toBe(balance >= price);
      expect(balanceExclusion(buyer, { balance }, price, 'EUR')?.reason).toBe('no_balance');
      expect(balanceExclusion({}, undefined, price, 'USD')).toBeUndefined();
    }),
    runs,
  );
});
