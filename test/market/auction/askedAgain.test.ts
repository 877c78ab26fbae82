import { describe, expect, test } from 'vitest';
import { missedCandidates, missedEntry, withAnswers } from '../../../src/market/auction/asking.js';
import { conclude, nextStep, type OfferAnswer } from '../../../src/market/auction/decide.js';
import type { Candidate, Entry, Round } from '../../../src/market/model/round.js';
import { turnsUsed } from '../../../src/market/auction/turnsUsed.js';
import { roundInWords } from '../../../src/market/wording/story.js';

const candidate = (buyer: string): Candidate => ({ contract: `ACME1234/auto/${buyer}`, buyer, tier: 1 });

const bids = (candidate: Candidate, price: number, ms: number): Entry => ({
  ...candidate,
  ms,
  bid: { price },
});

const [north, fab, con] = ['north', 'fab', 'con'].map(candidate) as [Candidate, Candidate, Candidate];

/** North has bid the instant-buy price, so the round did not wait for the others. */
const closed: Round = {
  number: 1,
  campaign: 'ACME1234/auto',
  version: 1,
  at: 0,
  terms: {
    currency: 'USD',
    sale: { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'weighted', instantBuy: 3000 },
    pending: { retryAfter: [], expireAfter: 0 },
  },
  excluded: [],
  entries: [bids(north, 3000, 40), missedEntry(fab), missedEntry(con)],
  later: [],
  turns: [north.contract],
  changes: [],
  tell: { postbacks: 0, notices: {} },
};

const refused: OfferAnswer = { contract: north.contract, answer: 'refused' };

const [fabAgain, conAgain] = missedCandidates(closed) as [Candidate, Candidate];

const askedAgain: Round = {
  ...withAnswers(closed, [bids(fabAgain, 2000, 300), missedEntry(conAgain)]),
  turns: [north.contract, fab.contract],
};

describe('A buyer that a round did not wait for', () => {
  test('is asked again if the lead is refused, and not if it is bought', () => {
    expect(nextStep('lead-1', closed, [refused])).toEqual({ askAgain: [fab.contract, con.contract] });
    expect(nextStep('lead-1', closed, [{ ...refused, answer: 'accepted', exclusive: true }])).toBe('over');
  });

  test('is asked again once', () => {
    expect(nextStep('lead-1', askedAgain, [refused])).toMatchObject({
      offers: [{ buyer: 'fab', price: 2000 }],
    });
    expect(nextStep('lead-1', askedAgain, [refused, { ...refused, contract: fab.contract }])).toBe('over');
  });

  test('is not asked again in a round stored by a release without this rule', () => {
    const entries = closed.entries.map((entry): Entry => {
      const before = { ...entry };
      delete before.again;
      return before;
    });
    expect(nextStep('lead-1', { ...closed, entries }, [refused])).toBe('over');
  });

  test('is shown in the story as asked again, with its outcome', () => {
    const answers: OfferAnswer[] = [refused, { contract: fab.contract, answer: 'accepted', exclusive: true }];
    expect(roundInWords(askedAgain, conclude(askedAgain, answers)).buyers).toEqual({
      north: 'refused at $30.00 (40 ms)',
      fab: 'sold at $20.00 (300 ms, asked again)',
      con: 'outbid (asked again): the round was decided before it answered, also when it was asked again',
    });
  });

  test('takes a turn among the buyers asked again, because the refusing buyer has used its own', () => {
    const answers: OfferAnswer[] = [refused, { contract: fab.contract, answer: 'accepted', exclusive: true }];
    const both = withAnswers(closed, [bids(fabAgain, 2000, 300), bids(conAgain, 1000, 200)]);
    const turns = [north.contract, fab.contract, con.contract];
    expect(turnsUsed({ ...both, turns }, answers)).toEqual({});
  });
});
