import { describe, expect, test } from 'vitest';
import {
  askGroup,
  contendersOf,
  failureOf,
  hasExpired,
  withinCeiling,
  missedCandidates,
  nextTier,
  expiredBid,
  missedEntry,
  unlessExpired,
  withAnswers,
  withNewAnswer,
  withTestPing,
  type PingAnswer,
} from '../../../src/market/auction/asking.js';
import { isFinalRefusal } from '../../../src/market/model/delivery.js';
import type { Candidate, Entry, NoBid, Round } from '../../../src/market/model/round.js';
import type { Sale } from '../../../src/market/model/market.js';

const NOW = 1_000_000;
const sale: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' };

const candidate = (buyer: string, more: Partial<Candidate> = {}): Candidate => ({
  contract: `ACME1234/auto/${buyer}`,
  buyer,
  tier: 1,
  ...more,
});

const roundOf = (entries: Entry[], later: Candidate[] = []): Round => ({
  number: 1,
  campaign: 'ACME1234/auto',
  version: 4,
  at: 0,
  terms: { currency: 'USD', sale, pending: { retryAfter: [], expireAfter: 0 } },
  excluded: [],
  entries,
  later,
  changes: [],
  tell: { postbacks: 0, notices: {} },
});

const noBid = (more: Partial<NoBid> & Pick<NoBid, 'reason'>): PingAnswer => ({ ms: 5, noBid: more });

describe('The tier that is asked next', () => {
  test('is the lowest one that is left, with all of its contracts', () => {
    const [a, b, c] = [candidate('a', { tier: 3 }), candidate('b', { tier: 2 }), candidate('c', { tier: 2 })];
    expect(nextTier(roundOf([], [a, b, c]))).toEqual({ tier: 2, asked: [b, c] });
  });
});

describe('A candidate whose answer nobody waited for', () => {
  const slow = { ...missedEntry(candidate('slow')), sentAfter: 2 };

  test('is due to be asked again, and asked once only', () => {
    expect(slow).toEqual({
      ...candidate('slow'),
      again: 'due',
      sentAfter: 2,
      noBid: { reason: 'outbid', detail: 'the round was decided before it answered' },
    });
    const asked = candidate('slow', { again: 'asked', first: { sentAfter: 2 } });
    expect(missedCandidates(roundOf([slow]))).toEqual([asked]);
    const [again] = missedCandidates(roundOf([slow]));
    expect(again && missedEntry(again)).toEqual({
      ...asked,
      noBid: {
        reason: 'outbid',
        detail: 'the round was decided before it answered, also when it was asked again',
      },
    });
    expect(missedCandidates(roundOf([again ? missedEntry(again) : slow]))).toEqual([]);
  });

  test('is asked apart from its tier', () => {
    expect(askGroup(candidate('slow', { tier: 2 }))).toBe('2');
    expect(askGroup(candidate('slow', { tier: 2, again: 'due' }))).toBe('2');
    expect(askGroup(candidate('slow', { tier: 2, again: 'asked' }))).toBe('2 again');
  });
});

describe('A round with new answers', () => {
  const [a, b, late] = [candidate('a'), candidate('b'), candidate('late', { tier: 2 })];
  const [first, second] = [
    { ...a, bid: { price: 4000 } },
    { ...b, bid: { price: 3000 } },
  ];

  test('has them in the place of the earlier ones, and is one version further', () => {
    const again: Entry = { ...a, noBid: { reason: 'no_bid' } };
    const round = withAnswers(roundOf([first, second], [late]), [again]);
    expect(round).toMatchObject({ version: 5, entries: [second, again], later: [late] });
  });

  test('does not ask again for them', () => {
    const answer: Entry = { ...late, bid: { price: 100 } };
    expect(withAnswers(roundOf([first], [late]), [answer])).toMatchObject({
      entries: [first, answer],
      later: [],
    });
  });

  test('has a new bid where one has expired, and only the times of the old one', () => {
    const expired = { ...first, ms: 40, sentAfter: 1 };
    const refused: PingAnswer = { ms: 7, noBid: { reason: 'no_bid' } };
    const round = withNewAnswer(roundOf([expired, second]), expired, refused);
    expect(round.version).toBe(5);
    const times = { first: { ms: 40, sentAfter: 1 } };
    expect(round.entries).toEqual([{ ...a, ...times, ...refused }, second]);
    const bid: PingAnswer = { ms: 8, sentAfter: 900, bid: { price: 1 } };
    expect(withNewAnswer(roundOf([expired]), expired, bid).entries).toEqual([{ ...a, ...times, ...bid }]);
  });
});

describe('A bid', () => {
  test.each([
    ['without an end is good', undefined, false],
    ['that is good for 100 ms can be posted on', NOW + 100, false],
    ['that is good for 99 ms can’t be posted on', NOW + 99, true],
    ['that is over can’t be posted on', NOW - 1, true],
  ])('%s', (_, expiresAt, isExpired) => {
    expect(hasExpired({ price: 1, expiresAt }, NOW)).toBe(isExpired);
    const answer: PingAnswer = { ms: 5, bid: { price: 1, expiresAt } };
    expect('noBid' in unlessExpired(answer, NOW)).toBe(isExpired);
  });

  test('that expires too soon says how soon, if the buyer did', () => {
    expect(expiredBid({ goodForMs: 2, pingId: 'p' })).toEqual({
      reason: 'invalid_response',
      detail: 'the bid expires after 2 ms, before a post can be sent; expires_in_ms is in milliseconds',
      pingId: 'p',
    });
    expect(expiredBid({}).detail).toContain('the bid expires before');
  });

  test('above the ceiling of its contract is not used', () => {
    const answer: PingAnswer = { ms: 5, bid: { price: 5001 } };
    expect(withinCeiling(answer, { ceiling: 5000 }, 'USD')).toMatchObject({
      ms: 5,
      noBid: { reason: 'invalid_response' },
    });
    expect(withinCeiling(answer, { ceiling: 5001 }, 'USD')).toBe(answer);
    expect(withinCeiling(answer, {}, 'USD')).toBe(answer);
    const none = noBid({ reason: 'no_bid' });
    expect(withinCeiling(none, { ceiling: 1 }, 'USD')).toBe(none);
  });

  test('contends for a turn if it is not below the floor, with a weight of 1 if the contract names none', () => {
    const entries: Entry[] = [
      { ...candidate('a', { weight: 3 }), bid: { price: 1000 } },
      { ...candidate('b'), bid: { price: 1000 } },
      { ...candidate('c'), bid: { price: 999 } },
      { ...candidate('d'), noBid: { reason: 'no_bid' } },
    ];
    expect(contendersOf(sale, entries)).toEqual([
      { id: 'ACME1234/auto/a', weight: 3 },
      { id: 'ACME1234/auto/b', weight: 1 },
    ]);
  });
});

describe('An answer that says that the server is not well', () => {
  test.each<[string, PingAnswer]>([
    ['is a timeout', noBid({ reason: 'timeout' })],
    ['is no connection', noBid({ reason: 'unreachable' })],
    ['is an HTTP error', noBid({ reason: 'http_error', status: 503 })],
    ['is an HTTP error without a status', noBid({ reason: 'http_error' })],
    ['is an invalid response, whatever its status', noBid({ reason: 'invalid_response', status: 400 })],
    ['is a bid that expires at once', { ms: 5, bid: { price: 1, expiresAt: NOW } }],
  ])('%s', (_, answer) => {
    expect(failureOf(answer, NOW)).toBeDefined();
  });

  test.each<[string, PingAnswer]>([
    ['is not a bid', { ms: 5, bid: { price: 1 } }],
    ['is not a lead that it does not want', noBid({ reason: 'no_bid' })],
    ['is not a clear no by its status', noBid({ reason: 'http_error', status: 400 })],
  ])('%s', (_, answer) => {
    expect(failureOf(answer, NOW)).toBeUndefined();
  });

  test('has its reason and detail', () => {
    expect(failureOf(noBid({ reason: 'http_error', status: 500, detail: 'HTTP 500' }), NOW)).toEqual({
      reason: 'http_error',
      detail: 'HTTP 500',
    });
  });
});

test.each([
  [399, false],
  [400, true],
  [404, true],
  [408, false],
  [425, false],
  [429, false],
  [499, true],
  [500, false],
])('HTTP status %d is a clear no: %s', (status, isNo) => {
  expect(isFinalRefusal(status)).toBe(isNo);
});

describe('The buyer of a test lead is notified', () => {
  const ping = { pingId: 'p', limitMs: 300 };

  test('how long Gavel waited for its answer', () => {
    expect(withTestPing(noBid({ reason: 'timeout' }), ping)).toEqual({
      ms: 5,
      noBid: { reason: 'timeout', pingId: 'p', detail: 'no answer within 300 ms' },
    });
  });

  test('why its answer could not be used', () => {
    const answer = noBid({ reason: 'invalid_response', detail: 'no price' });
    expect(withTestPing(answer, ping)).toMatchObject({ noBid: { pingId: 'p', detail: 'no price' } });
    expect(withTestPing(noBid({ reason: 'unreachable' }), ping)).toMatchObject({
      noBid: { detail: undefined },
    });
  });

  test('of nothing, if its answer could be used', () => {
    const bid: PingAnswer = { ms: 5, bid: { price: 1 } };
    expect(withTestPing(bid, ping)).toBe(bid);
    const no = noBid({ reason: 'no_bid' });
    expect(withTestPing(no, ping)).toBe(no);
  });
});
