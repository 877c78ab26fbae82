import { describe, expect, test } from 'vitest';
import type { BidModel } from '../../../src/market/model/distributions.js';
import type { Bid, Candidate, Entry, ExcludedGroup, NoBid, Round } from '../../../src/market/model/round.js';
import type { Check, Sale } from '../../../src/market/model/market.js';
import { answerFor, bidFor, stillExcluded, observeAnswers } from '../../../src/market/simulate/buyerModel.js';
import {
  pastRound,
  type PastLead,
  type PastRound,
  type PastAnswer,
} from '../../../src/market/simulate/past.js';
import { ON_BUYER_LIST } from '../../../src/market/limits/duplicates.js';
import { CAMPAIGN, campaignOf, START } from './live.js';

const ID = `${CAMPAIGN}/a`;
const NOW = START + 100;

const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  contract: ID,
  buyer: 'a',
  tier: 1,
  ...more,
});
const oneRound = (more: Partial<PastRound> = {}): PastRound => ({
  at: START,
  waitedUntil: START,
  mode: 'exclusive',
  answers: {},
  excluded: {},
  ...more,
});
const bids = (bid: Bid, isNamed = false): PastAnswer => ({ bid, isNamed });
const leadOf = (more: Partial<PastLead> = {}, leadId = 'l'): PastLead => ({
  facts: { leadId, seller: 'ACME1234', category: 'Auto Insurance', receivedAt: START, test: false },
  fields: {},
  currency: 'USD',
  source: 'form',
  campaign: CAMPAIGN,
  match: {},
  rounds: [oneRound()],
  posts: [],
  sales: [],
  ...more,
});

const model: BidModel = { bids: { lowest: 777, highest: 777 }, bidsOn: 100, accepts: 0 };
const models = new Map([[ID, model]]);

interface Asked {
  mode?: Sale['mode'];
  of?: Candidate;
  others?: PastLead[];
  by?: ReadonlyMap<string, BidModel>;
  now?: number;
}

function bidOf(
  lead: PastLead,
  { mode = 'exclusive', of = candidate(), others = [], by = new Map(), now = NOW }: Asked = {},
) {
  const terms = { sale: { ...campaignOf().sale, mode }, currency: 'USD' };
  return bidFor({ measured: observeAnswers(others), models: by }, lead, of, { terms, now });
}

describe('In a simulation a contract bids', () => {
  const said = (...all: [at: number, said: PastAnswer][]) =>
    leadOf({ rounds: all.map(([at, one]) => oneRound({ at: START + at, answers: { [ID]: one } })) });

  test('the price that it names, whatever its buyer said', () => {
    expect(bidOf(said([0, bids({ price: 1 })]), { of: candidate({ price: 5 }) })).toEqual({
      bid: { price: 5 },
    });
  });

  test('what it said last by then, or else first', () => {
    const lead = said([50, bids({ price: 1 })], [90, bids({ price: 2 })], [200, bids({ price: 3 })]);
    expect(bidOf(lead)).toEqual({ bid: { price: 2 } });
    expect(bidOf(lead, { now: START + 200 })).toEqual({ bid: { price: 3 } });
    expect(bidOf(lead, { now: START })).toEqual({ bid: { price: 1 } });
    expect(bidOf(lead, { by: models })).toEqual({ bid: { price: 2 } });
  });

  test('nothing, if it said so', () => {
    const noBid: NoBid = { reason: 'no_bid' };
    expect(bidOf(said([0, { noBid }]))).toEqual({ noBid });
  });

  test('nothing above its ceiling', () => {
    const lead = said([0, bids({ price: 10 })]);
    expect(bidOf(lead, { of: candidate({ ceiling: 9 }) })).toMatchObject({
      noBid: { reason: 'invalid_response' },
    });
    expect(bidOf(lead, { of: candidate({ ceiling: 10 }) })).toEqual({ bid: { price: 10 } });
  });

  test('what its model says, if it was not asked', () => {
    expect(bidOf(leadOf(), { by: models })).toEqual({ bid: { price: 777 }, assumed: 'bid' });
    const silent = new Map([[ID, { ...model, bidsOn: 0 }]]);
    expect(bidOf(leadOf(), { by: silent })).toEqual({ noBid: { reason: 'no_bid' }, assumed: 'bid' });
  });

  test('what its model says, if it was asked for another form of sale or named its price', () => {
    expect(bidOf(said([0, bids({ price: 5 })]), { mode: 'shared', by: models })).toMatchObject({
      assumed: 'bid',
      bid: { price: 777 },
    });
    expect(bidOf(said([0, bids({ price: 5 }, true)]), { by: models })).toMatchObject({ bid: { price: 777 } });
  });

  test('what it said of another lead, if it was not asked and has no model', () => {
    const others = [said([0, bids({ price: 42 })])];
    expect(bidOf(leadOf(), { others })).toEqual({ bid: { price: 42 }, assumed: 'bid' });
  });

  test('any of what it said of other leads', () => {
    const others = [1, 2, 3].map((price) => ({
      ...said([0, bids({ price })]),
      facts: leadOf({}, `o${price}`).facts,
    }));
    const leads = Array.from({ length: 40 }, (_, i) => leadOf({}, `lead-${i}`));
    const prices = leads.map((lead) => JSON.stringify(bidOf(lead, { others })));
    expect(new Set(prices).size).toBe(3);
    expect(leads.map((lead) => JSON.stringify(bidOf(lead, { others: others.toReversed() })))).toEqual(prices);
  });

  test('nothing, if it was never asked', () => {
    expect(bidOf(leadOf())).toEqual({
      noBid: { reason: 'no_bid', detail: 'it was asked about no lead of the period' },
      assumed: 'bid',
    });
  });

  const both = { price: 9, shared: 4 };
  test.each<[string, Sale['mode'], Sale['mode'], PastAnswer, object]>([
    ['the same in the same form', 'shared', 'shared', bids({ price: 9 }), { bid: { price: 9 } }],
    [
      'the same for a named price, which is assumed',
      'shared',
      'shared',
      bids({ price: 9 }, true),
      { bid: { price: 9 }, assumed: 'bid' },
    ],
    ['of a hybrid sale the price for the lead', 'hybrid', 'exclusive', bids(both), { bid: { price: 9 } }],
    ['of a hybrid sale the price for a place', 'hybrid', 'shared', bids(both), { bid: { price: 4 } }],
    [
      'of a hybrid sale with named prices, assumed',
      'hybrid',
      'shared',
      bids(both, true),
      { bid: { price: 4 }, assumed: 'bid' },
    ],
    [
      'nothing, if it bid nothing for that form',
      'hybrid',
      'shared',
      bids({ price: 9 }),
      { noBid: { reason: 'no_bid', detail: 'it bid nothing for this way of selling' } },
    ],
    [
      'for the lead alone in a hybrid sale, if the sale was exclusive',
      'exclusive',
      'hybrid',
      bids({ price: 9 }),
      { bid: { price: 9 } },
    ],
    [
      'for a place in a hybrid sale, if the sale was shared',
      'shared',
      'hybrid',
      bids({ price: 9 }),
      { bid: { shared: 9 } },
    ],
    [
      'a named price for a hybrid sale, assumed',
      'shared',
      'hybrid',
      bids({ price: 9 }, true),
      { bid: { shared: 9 }, assumed: 'bid' },
    ],
    [
      'the same in another form, assumed',
      'exclusive',
      'shared',
      bids({ price: 9 }),
      { bid: { price: 9 }, assumed: 'form' },
    ],
  ])('%s', (_, was, is, one, expected) => {
    expect(
      bidOf(leadOf({ rounds: [oneRound({ mode: was, answers: { [ID]: one } })] }), { mode: is }),
    ).toEqual(expected);
  });
});

describe('In a simulation a buyer that is sent the lead answers', () => {
  const posts = (...answers: ('accepted' | 'refused' | 'timeout')[]) =>
    leadOf({ posts: answers.map((answer, i) => ({ contract: ID, at: START + i * 90, answer })) });
  const answerOf = (lead: PastLead, others: PastLead[] = [], by = new Map<string, BidModel>()) =>
    answerFor(lead, ID, NOW, { measured: observeAnswers(others), models: by });

  test('what it answered last by then', () => {
    expect(answerOf(posts('refused', 'timeout', 'accepted'))).toEqual({ answer: 'timeout' });
    expect(answerOf(leadOf({ posts: [{ contract: 'other', at: START, answer: 'refused' }] }))).toEqual({
      answer: 'accepted',
      assumed: 'post',
    });
  });

  test('as its model says, or else as often as it accepted others', () => {
    expect(answerOf(leadOf(), [], models)).toEqual({ answer: 'refused', assumed: 'post' });
    expect(answerOf(leadOf(), [posts('refused', 'timeout')])).toEqual({ answer: 'refused', assumed: 'post' });
    expect(answerOf(leadOf(), [posts('accepted', 'accepted')])).toEqual({
      answer: 'accepted',
      assumed: 'post',
    });
    const half = Array.from({ length: 200 }, (_, i) =>
      answerOf(leadOf({}, `lead-${i}`), [posts('accepted', 'refused')]),
    );
    const accepted = half.filter(({ answer }) => answer === 'accepted').length;
    expect(accepted).toBeGreaterThan(70);
    expect(accepted).toBeLessThan(130);
  });
});

describe('In a simulation a contract stays out of a round', () => {
  const checks = [{ name: 'trust' } as Check];
  const kept = (why: NoBid, at = 0) =>
    leadOf({ rounds: [oneRound({ at: START + at, excluded: { [ID]: why } })] });
  const out = (lead: PastLead, of: readonly Check[] = []) => stillExcluded(lead, ID, of, NOW);
  const failed: NoBid = { reason: 'filtered', detail: 'check trust: fake' };

  test.each<[string, NoBid, readonly Check[]]>([
    ['if its buyer failed', { reason: 'circuit_open' }, []],
    ['if its buyer’s own list has the person', ON_BUYER_LIST, []],
    ['if a check failed that is made again', failed, checks],
    ['if a check failed that says nothing else', { reason: 'filtered', detail: 'check trust' }, checks],
  ])('%s', (_, why, of) => {
    expect(out(kept(why), of)).toEqual({ noBid: why });
  });

  test('not if the check is not made any longer, or has another name', () => {
    expect(out(kept(failed))).toEqual({});
    expect(out(kept({ reason: 'filtered', detail: 'check trusty: x' }), checks)).toEqual({});
    expect(out(kept({ reason: 'filtered' }), checks)).toEqual({});
  });

  test('not if it was asked later', () => {
    const lead = leadOf({
      rounds: [
        oneRound({ excluded: { [ID]: failed } }),
        oneRound({ at: START + 9, answers: { [ID]: bids({ price: 1 }) } }),
      ],
    });
    expect(out(lead, checks)).toEqual({});
    expect(stillExcluded(lead, ID, checks, START)).toEqual({ noBid: failed });
  });

  test('not without a record, but a check that it would pass is assumed', () => {
    expect(out(leadOf(), checks)).toEqual({ assumed: 'check' });
    expect(out(leadOf())).toEqual({});
  });
});

describe('Of a stored round a simulation keeps', () => {
  const roundOf = (entries: Entry[], excluded: ExcludedGroup[] = []): Round => ({
    number: 1,
    campaign: CAMPAIGN,
    version: 0,
    at: START,
    terms: { currency: 'USD', sale: campaignOf().sale, pending: { retryAfter: [60], expireAfter: 999 } },
    excluded,
    entries,
    later: [],
    changes: [],
    tell: { postbacks: 0, notices: {} },
  });
  const past = (
    entries: Entry[],
    excluded: ExcludedGroup[] = [],
    answers: Parameters<typeof pastRound>[2] = [],
  ) => pastRound(leadOf().facts, roundOf(entries, excluded), answers);

  test('what each buyer said, but not what its bid was good for', () => {
    expect(
      past([
        { ...candidate(), bid: { price: 5, shared: 3, expiresAt: 1, bidId: 'x' } },
        { ...candidate({ contract: 'b', price: 9 }), bid: { price: 9 } },
        { ...candidate({ contract: 'c', sharedPrice: 9 }), bid: { shared: 9 } },
        { ...candidate({ contract: 'd' }), noBid: { reason: 'no_bid' } },
        { ...candidate({ contract: 'e' }), noBid: { reason: 'outbid' } },
      ]),
    ).toEqual({
      at: START,
      waitedUntil: START + 60,
      mode: 'exclusive',
      answers: {
        [ID]: bids({ price: 5, shared: 3 }),
        b: bids({ price: 9 }, true),
        c: bids({ shared: 9 }, true),
        d: { noBid: { reason: 'no_bid' } },
      },
      excluded: {},
    });
  });

  test('who was kept out by a failing server, a list or a check, and by nothing else', () => {
    const { excluded: kept } = past(
      [],
      [
        { reason: 'circuit_open', detail: 'x', buyers: 'a b' },
        { ...ON_BUYER_LIST, buyers: 'c' },
        { reason: 'filtered', detail: 'check trust', buyers: 'd' },
        { reason: 'filtered', detail: 'zip', buyers: 'e' },
        { reason: 'filtered', buyers: 'f' },
        { reason: 'state', detail: 'check x', buyers: 'g' },
      ],
      [
        { contract: 'h', answer: 'circuit_open', detail: 'y' },
        { contract: 'i', answer: 'refused' },
      ],
    );
    expect(Object.keys(kept)).toEqual([...['a', 'b', 'c', 'd'].map((id) => `${CAMPAIGN}/${id}`), 'h']);
    expect(kept[ID]).toEqual({ reason: 'circuit_open', detail: 'x' });
    expect(kept.h).toEqual({ reason: 'circuit_open', detail: 'y' });
  });
});
