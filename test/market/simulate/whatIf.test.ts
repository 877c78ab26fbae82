import { describe, expect, test } from 'vitest';
import type { Market } from '../../../src/market/model/market.js';
import type { BidModel } from '../../../src/market/model/distributions.js';
import type { PastLead } from '../../../src/market/simulate/past.js';
import { whatIf } from '../../../src/market/simulate/whatIf.js';
import { CAMPAIGN, live, marketOf, MINUTE, nothingElse, START, type LiveLead } from './live.js';

const TWO = { northwind: {}, fabrikam: {} };
const leadOf = (id: string, at: number, northwind: number): LiveLead => ({
  id,
  at,
  buyers: { northwind: { bid: northwind, accepts: true }, fabrikam: { bid: 2000, accepts: true } },
});
const past = await live(marketOf({}, TWO), [
  leadOf('lead-1', START, 4000),
  leadOf('lead-2', START + MINUTE, 3000),
]);
const prepaid = (balance: number | undefined) =>
  marketOf({}, TWO, { northwind: { balance, currency: 'USD' } });

const compared = (
  before: Market,
  after: Market,
  { leads = past, models = {} }: { leads?: readonly PastLead[]; models?: Record<string, BidModel> } = {},
) => {
  const byContract = new Map(Object.entries(models).map(([buyer, one]) => [`${CAMPAIGN}/${buyer}`, one]));
  return whatIf(leads, nothingElse(before), { before, after, models: byContract }, { until: Infinity });
};

describe('A comparison of past leads', () => {
  test('counts all leads, leads decided as booked, and leads that rest on assumptions', async () => {
    const [first, second] = past;
    const resold = second && { ...second, sales: [] };
    const leads = first && resold ? [first, resold] : [];
    const without = marketOf({}, { northwind: { active: false }, fabrikam: {} });
    expect(await compared(marketOf({}, TWO), without, { leads })).toMatchObject({
      leads: 2,
      asBooked: 1,
      assumed: { leads: 2, by: { bid: 0, form: 0, post: 2, check: 0 } },
    });
  });

  test('counts leads by each assumption', async () => {
    const contoso = { bids: { lowest: 4500, highest: 4500 }, bidsOn: 100, accepts: 100 };
    const added = { ...TWO, contoso: {} };
    const check = { name: 'score', url: 'http://c.example', timeoutMs: 50, sends: [], answer: 'score' };
    const checked = { ...TWO, contoso: { checks: [{ ...check, whenSilent: 'fail' as const }] } };
    const shared = { sale: { mode: 'shared', maxBuyers: 2, floor: 1000, award: 'highestBid' } } as const;
    const by = async (after: Market) =>
      (await compared(marketOf({}, TWO), after, { models: { contoso } })).assumed.by;
    expect(await by(marketOf({}, added))).toEqual({ bid: 2, form: 0, post: 2, check: 0 });
    expect(await by(marketOf({}, checked))).toEqual({ bid: 2, form: 0, post: 2, check: 2 });
    expect(await by(marketOf(shared, TWO))).toEqual({ bid: 0, form: 2, post: 2, check: 0 });
  });

  test('shows money by currency, in the order of the currencies', async () => {
    const [first, second] = past;
    const leads = first && second ? [first, { ...second, currency: 'EUR' }] : [];
    const without = marketOf({}, { northwind: { active: false }, fabrikam: {} });
    const { currencies } = await compared(marketOf({}, TWO), without, { leads });
    // A campaign in dollars can't sell a lead in euros again.
    const revenues = currencies.map(({ currency, tallies: { booked, unchanged, changed } }) => {
      return [currency, booked.revenue, unchanged.revenue, changed.revenue, changed.leads];
    });
    expect(revenues).toEqual([
      ['EUR', 3000, 0, 0, 1],
      ['USD', 4000, 4000, 2000, 1],
    ]);
  });

  test.each<[string, number | undefined, number, number]>([
    ['pays for a lead', 1000, 4000, 4000],
    ['is too small', 1000, 3999, 2000],
    ['is a buyer’s first', undefined, 4000, 4000],
  ])('adds to a balance what the change pays in: it %s', async (_, before, after, revenue) => {
    const leads = past.slice(0, 1);
    const { currencies } = await compared(prepaid(before), prepaid(after), { leads });
    expect(currencies.map(({ tallies }) => tallies.changed.revenue)).toEqual([revenue]);
  });
});
