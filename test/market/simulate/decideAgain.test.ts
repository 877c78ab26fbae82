import { describe, expect, test } from 'vitest';
import { ON_BUYER_LIST } from '../../../src/market/limits/duplicates.js';
import type { Market } from '../../../src/market/model/market.js';
import type { NoBid } from '../../../src/market/model/round.js';
import { decideAgain, type Elsewhere } from '../../../src/market/simulate/decideAgain.js';
import type { BidModel } from '../../../src/market/model/distributions.js';
import type { PastLead } from '../../../src/market/simulate/past.js';
import { compileCampaigns } from '../../../src/market/simulate/compiledCampaigns.js';
import { observeAnswers } from '../../../src/market/simulate/buyerModel.js';
import { whatIf } from '../../../src/market/simulate/whatIf.js';
import { CAMPAIGN, HOUR, live, marketOf, MINUTE, nothingElse, START, type LiveLead } from './live.js';

const leadOf = (bids: Record<string, number>, more: Partial<LiveLead> = {}): LiveLead => ({
  id: 'lead-1',
  at: START,
  buyers: Object.fromEntries(Object.entries(bids).map(([buyer, bid]) => [buyer, { bid, accepts: true }])),
  ...more,
});

interface Given {
  models?: Record<string, BidModel>;
  elsewhere?: Partial<Elsewhere>;
}

/** The simulated sale of the first lead: buyer, price and assumptions. */
async function again(past: readonly PastLead[], terms: Market, { models = {}, elsewhere = {} }: Given = {}) {
  const { sales, assumed } = await decideAgain({
    leads: past,
    market: compileCampaigns(terms),
    elsewhere: { ...nothingElse(terms), ...elsewhere },
    buyerModel: {
      measured: observeAnswers(past),
      models: new Map(Object.entries(models).map(([buyer, model]) => [`${CAMPAIGN}/${buyer}`, model])),
    },
    until: Infinity,
  });
  const all = [...sales.values()].flat();
  return {
    sold: all.map(({ buyer, price }) => [buyer, price]),
    returned: all.map(({ returned }) => returned?.buyerGets ?? 0),
    assumed: [...assumed.values()].flatMap((of) => [...of]),
  };
}

const EXCLUSIVE = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' } as const;
const TWO = { northwind: {}, fabrikam: {} };
const sold = await live(marketOf({}, TWO), [leadOf({ northwind: 4000, fabrikam: 2000 })]);

describe('A simulated lead', () => {
  test('goes to the next bidder if its buyer is paused, with an assumed answer', async () => {
    const { sold: now, assumed } = await again(
      sold,
      marketOf({}, { northwind: { active: false }, fabrikam: {} }),
    );
    expect(now).toEqual([['fabrikam', 2000]]);
    expect(assumed).toEqual(['post']);
  });

  test('goes to the next bidder if its buyer is paused until a later time', async () => {
    const pausedUntil = (at: number) => marketOf({}, { northwind: { pausedUntil: at }, fabrikam: {} });
    expect((await again(sold, pausedUntil(Date.UTC(2999, 0, 1)))).sold).toEqual([['fabrikam', 2000]]);
    expect((await again(sold, pausedUntil(Date.UTC(2020, 0, 1)))).sold).toEqual([['northwind', 4000]]);
  });

  test('is not sold at a bid above a contract’s new ceiling', async () => {
    const { sold: now } = await again(sold, marketOf({}, { northwind: { ceiling: 3999 }, fabrikam: {} }));
    expect(now).toEqual([['fabrikam', 2000]]);
    expect((await again(sold, marketOf({}, { northwind: { ceiling: 4000 }, fabrikam: {} }))).sold).toEqual([
      ['northwind', 4000],
    ]);
  });

  test('goes to several buyers in a new shared mode, at their exclusive bids', async () => {
    const shared = marketOf({ sale: { ...EXCLUSIVE, mode: 'shared', maxBuyers: 2 } }, TWO);
    expect(await again(sold, shared)).toMatchObject({
      sold: [
        ['northwind', 4000],
        ['fabrikam', 2000],
      ],
      assumed: ['form', 'post'],
    });
  });

  test('goes to an added contract at the bid of its model', async () => {
    const { sold: now, assumed } = await again(sold, marketOf({}, { ...TWO, contoso: {} }), {
      models: { contoso: { bids: { lowest: 4500, highest: 4500 }, bidsOn: 100, accepts: 100 } },
    });
    expect(now).toEqual([['contoso', 4500]]);
    expect(assumed).toEqual(['bid', 'post']);
  });

  test('goes to shared places at model bids if they are worth more than the exclusive bid', async () => {
    const hybrid = marketOf(
      { sale: { ...EXCLUSIVE, mode: 'hybrid', maxBuyers: 2 } },
      { ...TWO, contoso: {}, acme: {} },
    );
    const wants = (bids: number, places: number) => ({
      bids: { lowest: bids, highest: bids },
      sharedBids: { lowest: places, highest: places },
      bidsOn: 100,
      accepts: 100,
    });
    const models = { contoso: wants(3000, 2500), acme: wants(2000, 2100) };
    expect((await again(sold, hybrid, { models })).sold).toEqual([
      ['contoso', 2500],
      ['acme', 2100],
    ]);
    const { sharedBids: _, ...alone } = models.acme;
    expect((await again(sold, hybrid, { models: { ...models, acme: alone } })).sold).toEqual([
      ['northwind', 4000],
    ]);
  });

  test('stays with its buyer if the model of an added contract never bids or never accepts', async () => {
    const added = marketOf({}, { ...TWO, contoso: {} });
    const bids = { lowest: 4500, highest: 4500 };
    for (const model of [
      { bids, bidsOn: 0, accepts: 100 },
      { bids, bidsOn: 100, accepts: 0 },
    ])
      expect((await again(sold, added, { models: { contoso: model } })).sold).toEqual([['northwind', 4000]]);
  });

  test('gets a bid like the buyer’s other bids if the buyer was not asked about it', async () => {
    // Fabrikam's tier is asked only about the second lead, which gets no bid in the first tier.
    const tiers = { northwind: {}, fabrikam: { tier: 2 } };
    const second = leadOf({ fabrikam: 3000 }, { id: 'lead-2', at: START + MINUTE });
    const past = await live(marketOf({}, tiers), [leadOf({ northwind: 2000, fabrikam: 9999 }), second]);
    const { sold: now, assumed } = await again(past, marketOf({}, TWO));
    expect(now).toEqual([
      ['fabrikam', 3000],
      ['fabrikam', 3000],
    ]);
    expect(assumed).toEqual(['bid', 'post']);
  });

  test('is refused again by the same buyer', async () => {
    const given = leadOf({ northwind: 4000, fabrikam: 2000 });
    const refusing = { ...given.buyers, northwind: { bid: 4000, accepts: false } };
    const past = await live(marketOf({}, TWO), [{ ...given, buyers: refusing }]);
    expect(await again(past, marketOf({}, { northwind: { weight: 2 }, fabrikam: {} }))).toMatchObject({
      sold: [['fabrikam', 2000]],
      assumed: [],
    });
  });

  test('is returned after the same time as in the past if the terms still allow it', async () => {
    const at = START + HOUR;
    const past = sold.map((lead) => ({
      ...lead,
      sales: lead.sales.map((sale) => ({
        ...sale,
        returned: { at, reason: 'wrong number', buyerGets: 4000, sellerPays: 4000 },
      })),
    }));
    const terms = (refund: number, within: number) =>
      marketOf(
        {},
        { northwind: { returns: { within, refund, freesCap: true, resell: false } }, fabrikam: {} },
      );
    expect((await again(past, terms(50, 2 * HOUR))).returned).toEqual([2000]);
    expect((await again(past, terms(50, MINUTE))).returned).toEqual([0]);
  });

  test('is sold to another buyer after its return if the contract allows resale', async () => {
    const returned = { at: START + HOUR, reason: 'wrong number', buyerGets: 4000, sellerPays: 4000 };
    const past = sold.map((lead) => ({ ...lead, sales: lead.sales.map((sale) => ({ ...sale, returned })) }));
    const returns = { within: 2 * HOUR, refund: 100, freesCap: true, resell: true };
    expect(await again(past, marketOf({}, { northwind: { returns }, fabrikam: {} }))).toMatchObject({
      sold: [
        ['northwind', 4000],
        ['fabrikam', 2000],
      ],
      returned: [4000, 0],
    });
  });

  test('is not offered after its withdrawal', async () => {
    const late = marketOf({}, { fabrikam: { price: 2000, delay: 20 * MINUTE } });
    const unsold = await live(marketOf({}, { fabrikam: {} }), [leadOf({})]);
    expect((await again(unsold, late)).sold).toEqual([['fabrikam', 2000]]);
    const withdrawn = unsold.map((lead) => ({ ...lead, withdrawnAt: START + 10 * MINUTE }));
    expect((await again(withdrawn, late)).sold).toEqual([]);
  });

  test('is kept from buyers excluded by a check, an open circuit or their own list, while the check exists', async () => {
    const excludedFor = (why: NoBid): PastLead[] =>
      sold.map((lead) => ({
        ...lead,
        rounds: lead.rounds.map(({ answers, ...round }) => ({
          ...round,
          answers: Object.fromEntries(Object.entries(answers).filter(([id]) => !id.endsWith('northwind'))),
          excluded: { [`${CAMPAIGN}/northwind`]: why },
        })),
      }));
    const unscored: NoBid = { reason: 'filtered', detail: 'check score' };
    const check = { name: 'score', url: 'http://c.example', timeoutMs: 50, sends: [], answer: 'score' };
    const checked = marketOf({}, { northwind: { checks: [{ ...check, whenSilent: 'fail' }] }, fabrikam: {} });
    expect((await again(excludedFor(unscored), checked)).sold).toEqual([['fabrikam', 2000]]);
    expect((await again(excludedFor({ reason: 'circuit_open' }), marketOf({}, TWO))).sold).toEqual([
      ['fabrikam', 2000],
    ]);
    expect((await again(excludedFor(ON_BUYER_LIST), marketOf({}, TWO))).sold).toEqual([['fabrikam', 2000]]);
    const model = { bids: { lowest: 3000, highest: 3000 }, bidsOn: 100, accepts: 100 };
    const free = await again(excludedFor(unscored), marketOf({}, TWO), { models: { northwind: model } });
    expect(free.sold).toEqual([['northwind', 3000]]);
  });

  test('respects limits used by sales of other leads', async () => {
    const capped = marketOf({}, { northwind: { caps: { day: 1 } }, fabrikam: {} });
    const sales = [{ contract: `${CAMPAIGN}/northwind`, price: 4000, at: START - HOUR }];
    expect((await again(sold, capped)).sold).toEqual([['northwind', 4000]]);
    expect((await again(sold, capped, { elsewhere: { sales } })).sold).toEqual([['fabrikam', 2000]]);
    const yesterday = sales.map((sale) => ({ ...sale, at: START - 24 * HOUR }));
    expect((await again(sold, capped, { elsewhere: { sales: yesterday } })).sold).toEqual([
      ['northwind', 4000],
    ]);
  });

  test('uses balances after payments, and the turns of that time', async () => {
    const prepaid = marketOf({}, TWO, { northwind: { balance: 3999, currency: 'USD' } });
    expect((await again(sold, prepaid)).sold).toEqual([['fabrikam', 2000]]);
    const payments = [{ buyer: 'northwind', amount: 4000, at: START - 1 }];
    expect((await again(sold, prepaid, { elsewhere: { payments } })).sold).toEqual([['northwind', 4000]]);
    const inTurn = marketOf({ sale: { ...EXCLUSIVE, award: 'roundRobin' } }, TWO);
    for (const buyer of ['northwind', 'fabrikam']) {
      const credits = new Map([[CAMPAIGN, { [`${CAMPAIGN}/${buyer}`]: 0.5 }]]);
      expect((await again(sold, inTurn, { elsewhere: { credits } })).sold.map(([who]) => who)).toEqual([
        buyer,
      ]);
    }
  });
});

test('An ended pause blocks no lead, and a continuing pause blocks all leads', async () => {
  const now = START + 24 * HOUR;
  const paused = (pausedUntil: number) => marketOf({}, { northwind: { pausedUntil }, fabrikam: {} });
  const proposal = { before: paused(now - HOUR), after: paused(now + HOUR), models: new Map() };
  const { currencies } = await whatIf(sold, nothingElse(proposal.before), proposal, { until: now });
  expect(currencies.map(({ tallies }) => [tallies.unchanged.revenue, tallies.changed.revenue])).toEqual([
    [4000, 2000],
  ]);
});
