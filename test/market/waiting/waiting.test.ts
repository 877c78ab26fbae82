import { describe, expect, test } from 'vitest';
import type { OfferAnswer } from '../../../src/market/auction/decide.js';
import type { LeadFacts } from '../../../src/market/model/lead.js';
import type { Change, Round } from '../../../src/market/model/round.js';
import {
  mergeWaitUpdates,
  isLastWait,
  isSameWait,
  MOST_ROUNDS_OF_LIFE,
  nextWait,
  waitingRound,
  withWaitUpdate,
  type WaitingRound,
} from '../../../src/market/waiting/waiting.js';

const lead: LeadFacts = { leadId: 'l', seller: 'ACME', category: 'Auto', receivedAt: 1000, test: false };
const pending = { retryAfter: [60, 600], expireAfter: 9000 };
const round = (more: Partial<WaitingRound> = {}): WaitingRound => ({
  number: 1,
  at: 2000,
  changes: [],
  terms: { pending },
  ...more,
});
const opening: Change = { at: 2030, what: 'opening' };
const full = (at: number): OfferAnswer => ({
  contract: 'c',
  answer: 'capped',
  change: { at, what: 'window' },
});

describe('An unsold lead waits', () => {
  test.each<[string, Partial<WaitingRound>, OfferAnswer[], string, number]>([
    ['for its first retry', {}, [], 'retry', 2060],
    ['for its second retry', { number: 2 }, [], 'retry', 2600],
    ['for the last retry time again', { number: 9 }, [], 'retry', 2600],
    ['for a change that the round foresaw', { changes: [opening] }, [], 'opening', 2030],
    ['for a limit that an offer ran into', {}, [full(2020)], 'window', 2020],
    ['for the soonest of both', { changes: [opening] }, [full(2040)], 'opening', 2030],
    ['for its expiry', { at: 9990 }, [], 'expiry', 10_000],
    ['for its expiry, if a retry falls on it', { at: 9940 }, [], 'expiry', 10_000],
    [
      'for its expiry, if there are no retries',
      { terms: { pending: { ...pending, retryAfter: [] } } },
      [],
      'expiry',
      10_000,
    ],
    ['no more after 2000 rounds', { number: 2000 }, [], 'last round', 2000],
    ['once more after 1999 rounds', { number: 1999 }, [], 'retry', 2600],
  ])('%s', (_, more, answers, until, at) => {
    expect(nextWait(lead, round(more), answers)).toEqual({ until, at });
  });

  test('as long again after a return: rounds before it don’t count', () => {
    const again = { ...lead, roundsBefore: 1 };
    expect(nextWait(again, round({ number: MOST_ROUNDS_OF_LIFE }), []).until).toBe('retry');
    expect(nextWait(again, round({ number: MOST_ROUNDS_OF_LIFE + 1 }), []).until).toBe('last round');
  });

  test('for the last time, if it waits for its expiry or has had its last round', () => {
    expect(isLastWait({ until: 'expiry', at: 1 })).toBe(true);
    expect(isLastWait({ until: 'last round', at: 1 })).toBe(true);
    expect(isLastWait({ until: 'retry', at: 1 })).toBe(false);
  });

  test('the same, if both time and cause are the same', () => {
    expect(isSameWait({ until: 'retry', at: 1 }, { until: 'retry', at: 1 })).toBe(true);
    expect(isSameWait({ until: 'retry', at: 1 }, { until: 'retry', at: 2 })).toBe(false);
    expect(isSameWait({ until: 'retry', at: 1 }, { until: 'opening', at: 1 })).toBe(false);
  });
});

describe('A waiting lead keeps', () => {
  test('of each kind of change the soonest, from the round and its answers', () => {
    const later: Change = { at: 3000, what: 'opening' };
    const known = { ...round({ changes: [later, opening] }), entries: [], later: [] } as unknown as Round;
    const accepted: OfferAnswer = { contract: 'c', answer: 'accepted', exclusive: true };
    const refused: OfferAnswer = { contract: 'd', answer: 'refused' };
    expect(waitingRound(known, [full(2500), accepted, refused, full(2400)])).toEqual({
      number: 1,
      at: 2000,
      changes: [opening, { at: 2400, what: 'window' }],
      terms: { pending },
    });
  });

  test('news of new terms and of changes as if the round had known them', () => {
    const news = { pending: { retryAfter: [5], expireAfter: 50 }, changes: [opening] };
    expect(withWaitUpdate(round(), news)).toEqual(
      round({ terms: { pending: news.pending }, changes: [opening] }),
    );
    expect(withWaitUpdate(round({ changes: [opening] }), { changes: [{ ...opening, at: 2040 }] })).toEqual(
      round({ changes: [opening] }),
    );
  });

  test('the later of two news', () => {
    const first = { pending, changes: [opening] };
    const then = { changes: [{ at: 2010, what: 'delay' as const }] };
    expect(mergeWaitUpdates(first, then)).toEqual({ pending, changes: [opening, ...then.changes] });
    const terms = { retryAfter: [1], expireAfter: 1 };
    expect(mergeWaitUpdates(first, { pending: terms, changes: [] })).toEqual({
      pending: terms,
      changes: [opening],
    });
  });
});
