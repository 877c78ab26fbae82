import { describe, expect, test } from 'vitest';
import {
  exclusionAsAnswer,
  offerReasonOf,
  conclude,
  opsDetail,
  nextStep,
  unsoldReason,
  type OfferAnswer,
} from '../../../src/market/auction/decide.js';
import type { Bid, Candidate, Entry, Outcome, Round } from '../../../src/market/model/round.js';
import type { Reason } from '../../../src/market/model/reason.js';
import type { Sale } from '../../../src/market/model/market.js';

const exclusive: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' };
const shared: Sale = { mode: 'shared', maxBuyers: 2, floor: 1000, award: 'highestBid' };
const hybrid: Sale = { mode: 'hybrid', maxBuyers: 2, floor: 1000, sharedFloor: 500, award: 'highestBid' };

function candidate(buyer: string, more: Partial<Candidate> = {}): Candidate {
  return { contract: `ACME1234/auto/${buyer}`, buyer, tier: 1, ...more };
}

function bidder(buyer: string, bid: Bid | number, more: Partial<Candidate> = {}): Entry {
  return { ...candidate(buyer, more), bid: typeof bid === 'number' ? { price: bid } : bid };
}

const notWaitedFor = (buyer: string, more: Partial<Candidate> = {}): Entry => ({
  ...candidate(buyer, { again: 'due', ...more }),
  noBid: { reason: 'outbid' },
});

function roundOf(sale: Sale, entries: Entry[], more: Partial<Round> = {}): Round {
  return {
    number: 1,
    campaign: 'ACME1234/auto',
    version: 0,
    at: 0,
    terms: { currency: 'USD', sale, pending: { retryAfter: [], expireAfter: 0 } },
    excluded: [],
    entries,
    later: [],
    changes: [],
    tell: { postbacks: 0, notices: {} },
    ...more,
  };
}

const bought = (buyer: string, isAlone = true): OfferAnswer => ({
  contract: `ACME1234/auto/${buyer}`,
  answer: 'accepted',
  exclusive: isAlone,
});
const refused = (buyer: string): OfferAnswer => ({ contract: `ACME1234/auto/${buyer}`, answer: 'refused' });

/** The next step in short: `best alone 45.00`, `ask 2`, `again best`. */
function stepOf(round: Round, answers: OfferAnswer[] = []): string {
  const step = nextStep('lead-1', round, answers);
  if (step === 'over') return step;
  if ('ask' in step) return `ask tier ${step.ask}`;
  if ('askAgain' in step) return `ask again: ${step.askAgain.join(', ').replaceAll('ACME1234/auto/', '')}`;
  return step.offers
    .map((offer) => `${offer.buyer} ${offer.exclusive ? 'alone' : 'shared'} ${offer.price}`)
    .join(', ');
}

describe('An exclusive sale', () => {
  const two = [bidder('best', 4500), bidder('good', 4000)];

  test('offers the lead to the highest bidder', () => {
    expect(stepOf(roundOf(exclusive, two))).toBe('best alone 4500');
  });

  test('offers it to the next one after a refusal', () => {
    expect(stepOf(roundOf(exclusive, two), [refused('best')])).toBe('good alone 4000');
  });

  test('ends with the sale, also if it has a second tier', () => {
    const round = roundOf(exclusive, two, { later: [candidate('late', { tier: 2 })] });
    expect(stepOf(round, [bought('best')])).toBe('over');
  });

  test('asks the lowest of the tiers that are left when nobody bought', () => {
    const later = [candidate('last', { tier: 3 }), candidate('late', { tier: 2 })];
    expect(stepOf(roundOf(exclusive, two, { later }), [refused('best'), refused('good')])).toBe('ask tier 2');
    expect(stepOf(roundOf(exclusive, [], { later }))).toBe('ask tier 2');
  });

  test('is over when nobody bids', () => {
    expect(stepOf(roundOf(exclusive, []))).toBe('over');
  });

  test('takes a bid at the floor and none below it', () => {
    expect(stepOf(roundOf(exclusive, [bidder('best', 1000)]))).toBe('best alone 1000');
    expect(stepOf(roundOf(exclusive, [bidder('best', 999)]))).toBe('over');
    expect(stepOf(roundOf(exclusive, [bidder('best', 1000, { floor: 1001 })]))).toBe('over');
  });

  test('goes by turns before prices', () => {
    const turns = ['ACME1234/auto/good', 'ACME1234/auto/best'];
    expect(stepOf(roundOf(exclusive, two, { turns }))).toBe('good alone 4000');
  });

  test('offers the lead last to a bidder that has no turn', () => {
    const round = roundOf(exclusive, two, { turns: ['ACME1234/auto/good'] });
    expect(stepOf(round)).toBe('good alone 4000');
    expect(stepOf(round, [refused('good')])).toBe('best alone 4500');
  });

  test('weighs prices by how often buyers accept, if it awards by expected value', () => {
    const entries = [bidder('best', 4500, { rate: 0.5 }), bidder('good', 4000, { rate: 0.9 })];
    expect(stepOf(roundOf({ ...exclusive, award: 'expectedValue' }, entries))).toBe('good alone 4000');
    expect(stepOf(roundOf(exclusive, entries))).toBe('best alone 4500');
    expect(stepOf(roundOf({ ...exclusive, award: 'expectedValue' }, two))).toBe('best alone 4500');
  });

  test('breaks ties the same way in whatever order the bids came', () => {
    const tied = [bidder('a', 4000), bidder('b', 4000), bidder('c', 4000)];
    const first = stepOf(roundOf(exclusive, tied));
    expect(stepOf(roundOf(exclusive, tied.toReversed()))).toBe(first);
  });

  test('breaks ties by name if the hashes of two contracts are the same', () => {
    const tied = [bidder('razlum', 4000), bidder('qqfibd', 4000)];
    expect(stepOf(roundOf(exclusive, tied))).toBe('qqfibd alone 4000');
    expect(stepOf(roundOf(exclusive, tied.toReversed()))).toBe('qqfibd alone 4000');
  });

  test('tells the seller’s part and the delivery terms of the contract', () => {
    const delivery = { attempts: 1, within: 0, spacing: 1, atEnd: 'hold', again: false } as const;
    const round = roundOf(exclusive, [bidder('best', 4500, { delivery })]);
    round.terms.margin = { percent: 20 };
    expect(nextStep('lead-1', round, [])).toEqual({
      offers: [
        {
          contract: 'ACME1234/auto/best',
          buyer: 'best',
          exclusive: true,
          price: 4500,
          earns: 3600,
          bid: { price: 4500 },
          delivery,
        },
      ],
    });
  });
});

describe('A shared sale', () => {
  const three = [bidder('best', 4500), bidder('good', 4000), bidder('fair', 3000)];

  test('offers as many places as there are, at the same time', () => {
    expect(stepOf(roundOf(shared, three))).toBe('best shared 4500, good shared 4000');
  });

  test('offers only the places that are left', () => {
    expect(stepOf(roundOf(shared, three), [bought('best', false)])).toBe('good shared 4000');
  });

  test('is over when its places are sold', () => {
    expect(stepOf(roundOf(shared, three), [bought('best', false), bought('good', false)])).toBe('over');
  });
});

describe('A hybrid sale', () => {
  const alone = bidder('alone', { price: 4000 });
  const places = [bidder('one', { shared: 2000 }), bidder('two', { shared: 1900 })];

  test('sells to one buyer alone, if that earns more', () => {
    expect(stepOf(roundOf(hybrid, [alone, ...places]))).toBe('alone alone 4000');
  });

  test('sells to one buyer alone, if that earns as much', () => {
    expect(stepOf(roundOf(hybrid, [bidder('alone', { price: 3900 }), ...places]))).toBe('alone alone 3900');
  });

  test('sells places, if they earn more together', () => {
    const step = 'one shared 2000, two shared 1900';
    expect(stepOf(roundOf(hybrid, [bidder('alone', { price: 3899 }), ...places]))).toBe(step);
  });

  test('counts no more places than there are, and one buyer alone', () => {
    const many = [...places, bidder('three', { shared: 1800 })];
    expect(stepOf(roundOf(hybrid, [alone, ...many]))).toBe('alone alone 4000');
    const two = [bidder('a', { price: 3000 }), bidder('b', { price: 2900 })];
    expect(stepOf(roundOf(hybrid, [...two, ...places]))).toBe('one shared 2000, two shared 1900');
  });

  test('stays shared once a place is sold', () => {
    const round = roundOf(hybrid, [alone, ...places]);
    expect(stepOf(round, [bought('one', false)])).toBe('two shared 1900');
  });

  test('is over once it is sold to one buyer alone', () => {
    expect(stepOf(roundOf(hybrid, [alone, ...places]), [bought('alone')])).toBe('over');
  });

  test('stays sold to one buyer alone, although another one refused', () => {
    const round = roundOf(hybrid, [bidder('first', { price: 5000 }), alone, ...places]);
    expect(stepOf(round, [refused('first'), bought('alone')])).toBe('over');
  });

  test('stays shared, although one that was offered it alone refused', () => {
    const round = roundOf(hybrid, [alone, ...places]);
    expect(stepOf(round, [refused('alone'), bought('one', false)])).toBe('two shared 1900');
  });
});

describe('A buyer that the round did not wait for', () => {
  test('is asked again when the first one refuses, before the next one gets the offer', () => {
    const round = roundOf(exclusive, [bidder('best', 4500), bidder('good', 4000), notWaitedFor('slow')]);
    expect(stepOf(round)).toBe('ask again: slow');
    expect(stepOf(round, [refused('best')])).toBe('ask again: slow');
  });

  test('is not asked again, if it never bids as much as the winner', () => {
    const slow = notWaitedFor('slow', { ceiling: 4400 });
    const round = roundOf(exclusive, [bidder('best', 4500), bidder('good', 4000), slow]);
    expect(stepOf(round)).toBe('best alone 4500');
    expect(stepOf(round, [refused('best')])).toBe('ask again: slow');
  });

  test('is not asked again after the sale', () => {
    const round = roundOf(exclusive, [bidder('best', 4500), notWaitedFor('slow')]);
    expect(stepOf(round, [bought('best')])).toBe('over');
  });

  test('is asked again for a place that is left', () => {
    const round = roundOf(shared, [bidder('best', 4500), notWaitedFor('slow')]);
    expect(stepOf(round, [bought('best', false)])).toBe('ask again: slow');
  });

  test('is not asked again, if a buyer has the turn', () => {
    const turns = ['ACME1234/auto/best'];
    const round = roundOf(
      { ...exclusive, award: 'roundRobin' },
      [bidder('best', 4500), notWaitedFor('slow')],
      {
        turns,
      },
    );
    expect(stepOf(round)).toBe('best alone 4500');
    expect(stepOf(round, [refused('best')])).toBe('ask again: slow');
  });

  test('is not asked a third time', () => {
    const asked = notWaitedFor('slow', { again: 'asked' });
    expect(stepOf(roundOf(exclusive, [asked]))).toBe('over');
  });
});

describe('A refusal by a limit', () => {
  test.each<[Reason, string]>([
    ['over_budget', 'over_budget'],
    ['no_balance', 'no_balance'],
    ['duplicate', 'duplicate'],
    ['closed', 'closed'],
    ['capped', 'capped'],
    ['state', 'capped'],
  ])('for %s is the answer %s', (reason, answer) => {
    expect(offerReasonOf(reason)).toBe(answer);
  });

  test('keeps its detail and when the limit allows sales again', () => {
    const change = { at: 5, what: 'window' } as const;
    expect(exclusionAsAnswer({ reason: 'over_budget', detail: 'per day', change })).toEqual({
      answer: 'over_budget',
      detail: 'per day',
      change,
    });
  });
});

describe('A round concludes', () => {
  const outcomeOf = (entry: Entry, answers: OfferAnswer[] = [], sale: Sale = hybrid): Outcome | undefined =>
    conclude(roundOf(sale, [entry]), answers)[0];

  test('with the price of the form that was sold', () => {
    const both = bidder('best', { price: 4500, shared: 2000 });
    expect(outcomeOf(both, [bought('best')])).toMatchObject({ sold: true, price: 4500 });
    expect(outcomeOf(both, [bought('best', false)])).toMatchObject({ sold: true, price: 2000 });
  });

  test('with the price that a loser named for the lead alone, or else for a place', () => {
    const both = bidder('best', { price: 4500, shared: 2000 });
    expect(outcomeOf(both)).toMatchObject({ sold: false, reason: 'outbid', price: 4500 });
    const placeOnly = bidder('best', { shared: 2000 });
    expect(outcomeOf(placeOnly)).toMatchObject({ reason: 'outbid', price: 2000 });
  });

  test('with how long a buyer took, and whether it was asked again', () => {
    const entry: Entry = { ...bidder('best', 4500, { again: 'asked' }), ms: 80 };
    expect(outcomeOf(entry)).toMatchObject({ ms: 80, again: true });
    expect(outcomeOf(bidder('best', 4500, { again: 'due' }))).not.toHaveProperty('again', true);
    expect(outcomeOf(bidder('best', 4500))).not.toHaveProperty('ms', expect.anything());
  });

  test('with the reason, the detail and the words of a buyer that did not bid', () => {
    const noBid = { reason: 'no_bid', detail: 'no', words: 'not today' } as const;
    const { contract, buyer } = candidate('best');
    expect(outcomeOf({ ...candidate('best'), noBid })).toEqual({
      contract,
      buyer,
      ms: undefined,
      sold: false,
      ...noBid,
    });
  });

  test('with what a buyer answered to the offer', () => {
    const answer: OfferAnswer = {
      contract: 'ACME1234/auto/best',
      answer: 'refused',
      detail: 'no',
      words: 'not ours',
    };
    expect(outcomeOf(bidder('best', { price: 4500, note: 'ignored: x' }), [answer])).toMatchObject({
      sold: false,
      price: 4500,
      note: 'ignored: x',
      reason: 'refused',
      detail: 'no',
      words: 'not ours',
    });
  });

  test.each<[string, Bid, Sale, string]>([
    ['the floor', { price: 900 }, exclusive, 'the floor is $10.00'],
    [
      'the floor of each form that was bid for',
      { price: 900, shared: 400 },
      hybrid,
      'the floor is $10.00, of a place $5.00',
    ],
    ['the floor of a place', { shared: 400 }, hybrid, 'the floor is $5.00'],
    [
      'the floor once, if both forms have it',
      { price: 900, shared: 400 },
      { ...hybrid, sharedFloor: 1000 },
      'the floor is $10.00',
    ],
  ])('with %s for a bid that is below it', (_, bid, sale, detail) => {
    expect(outcomeOf(bidder('best', bid), [], sale)).toMatchObject({
      sold: false,
      reason: 'below_floor',
      detail,
    });
  });

  test('with one outcome for each contract that was not asked', () => {
    const round = roundOf(exclusive, [], {
      later: [candidate('late', { tier: 2 })],
      excluded: [{ reason: 'state', detail: 'buys TX only', buyers: 'x y' }],
    });
    const away = { sold: false, reason: 'state', detail: 'buys TX only' };
    expect(conclude(round, [])).toEqual([
      {
        contract: 'ACME1234/auto/late',
        buyer: 'late',
        sold: false,
        reason: 'outbid',
        detail: 'an earlier tier bought',
      },
      { contract: 'ACME1234/auto/x', buyer: 'x', ...away },
      { contract: 'ACME1234/auto/y', buyer: 'y', ...away },
    ]);
  });
});

describe('Ops read of an outcome', () => {
  const who = { contract: 'ACME1234/auto/best', buyer: 'best' };

  test.each<[string, Outcome, string | undefined]>([
    ['the note on a bid that won', { ...who, sold: true, note: 'n' }, 'n'],
    [
      'the buyer’s words first',
      { ...who, sold: false, reason: 'refused', words: 'w', detail: 'd', note: 'n' },
      'w',
    ],
    ['the detail without words', { ...who, sold: false, reason: 'refused', detail: 'd', note: 'n' }, 'd'],
    ['the note without a detail', { ...who, sold: false, reason: 'outbid', note: 'n' }, 'n'],
    ['nothing, if there is nothing', { ...who, sold: false, reason: 'outbid' }, undefined],
  ])('%s', (_, outcome, detail) => {
    expect(opsDetail(outcome)).toBe(detail);
  });
});

describe('A lead that nobody bought is unsold', () => {
  test.each<[string, Reason[], string]>([
    ['for the uncertain post', ['below_floor', 'uncertain', 'refused'], 'uncertain'],
    ['for the refusal', ['below_floor', 'refused', 'no_bid'], 'refused'],
    ['for the bid below the floor', ['no_bid', 'below_floor'], 'below_floor'],
    ['for want of bids after no bid', ['state', 'no_bid'], 'no_bid'],
    ['for want of bids after a timeout', ['state', 'timeout'], 'no_bid'],
    ['for want of bids if no server could be reached', ['state', 'unreachable'], 'no_bid'],
    ['for want of bids after an HTTP error', ['state', 'http_error'], 'no_bid'],
    ['for want of bids after an invalid response', ['state', 'invalid_response'], 'no_bid'],
    ['for want of bids, if a bid was too low to win', ['state', 'outbid'], 'no_bid'],
    ['for want of buyers, if no contract was asked', ['state', 'capped', 'filtered'], 'no_buyer_eligible'],
    ['for want of buyers, if there is no contract', [], 'no_buyer_eligible'],
  ])('%s', (_, reasons, expected) => {
    const outcomes = reasons.map((reason): Outcome => ({ contract: 'c', buyer: 'b', sold: false, reason }));
    expect(unsoldReason(outcomes)).toBe(expected);
  });
});
