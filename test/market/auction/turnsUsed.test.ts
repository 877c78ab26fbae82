import { describe, expect, test } from 'vitest';
import { isByTurns, turnsChanged, turnsUsed } from '../../../src/market/auction/turnsUsed.js';
import type { Entry, Round } from '../../../src/market/model/round.js';
import { AWARDS, type Sale } from '../../../src/market/model/market.js';

const sale: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'roundRobin' };

const bidder = (contract: string, more: { tier?: number; again?: 'asked'; weight?: number } = {}): Entry => ({
  contract,
  buyer: contract,
  tier: 1,
  ...more,
  bid: { price: 1 },
});
const silent = (contract: string): Entry =>
  ({ ...bidder(contract), noBid: { reason: 'no_bid' }, bid: undefined }) as never;

const roundOf = (entries: Entry[], turns?: string[], of: Partial<Sale> = {}): Round => ({
  number: 1,
  campaign: 'ACME/auto',
  version: 0,
  at: 0,
  terms: { currency: 'USD', sale: { ...sale, ...of }, pending: { retryAfter: [], expireAfter: 0 } },
  excluded: [],
  entries,
  later: [],
  turns,
  changes: [],
  tell: { postbacks: 0, notices: {} },
});

const accepted = (contract: string) => ({ contract, answer: 'accepted' as const, exclusive: true });
const answered = (contract: string, answer: 'refused' | 'uncertain' | 'capped') => ({ contract, answer });

test('The award goes by turns, if it is weighted or a round robin', () => {
  expect(AWARDS.filter((award) => isByTurns({ ...sale, award })).sort()).toEqual(['roundRobin', 'weighted']);
});

describe('Of two bidders, a before b,', () => {
  const round = roundOf([bidder('b'), bidder('a')], ['a', 'b']);

  test('a pays for the turn that it took, if it was sent the lead', () => {
    for (const answer of [accepted('a'), answered('a', 'uncertain'), answered('a', 'refused')]) {
      expect(turnsUsed(round, [answer])).toEqual({});
    }
    expect(turnsChanged(round, [accepted('a')])).toEqual({ a: -0.5, b: 0.5 });
  });

  test('a pays for the lead that it refused, and b contends alone for the next turn, which costs nothing', () => {
    const answers = [answered('a', 'refused'), accepted('b')];
    expect(turnsChanged(round, answers)).toEqual({ a: -0.5, b: 0.5 });
    expect(turnsUsed(round, answers)).toEqual({});
  });

  test('b pays alone, if a was capped meanwhile', () => {
    const changes = turnsChanged(round, [answered('a', 'capped'), accepted('b')]);
    expect(changes.a ?? 0).toBeCloseTo(0);
    expect(changes.b ?? 0).toBeCloseTo(0);
  });

  test('nobody pays, if the lead was sent to nobody', () => {
    const changes = turnsChanged(round, []);
    expect(changes.a ?? 0).toBeCloseTo(0);
    expect(changes.b ?? 0).toBeCloseTo(0);
  });

  test('a heavier one pays less for its turn', () => {
    const heavy = roundOf([bidder('a', { weight: 3 }), bidder('b')], ['a', 'b']);
    expect(turnsChanged(heavy, [accepted('a')])).toEqual({ a: -0.25, b: 0.25 });
  });
});

test('Each place of a shared sale is a turn', () => {
  const round = roundOf([bidder('a'), bidder('b'), bidder('c')], ['a', 'b', 'c'], {
    mode: 'shared',
    maxBuyers: 2,
  });
  const changes = turnsChanged(round, [accepted('a'), accepted('b')]);
  expect(changes.c).toBeCloseTo(1 / 3 + 1 / 2);
  expect(Object.values(changes).reduce((sum, one) => sum + one, 0)).toBeCloseTo(0);
});

test('Only contracts with a turn contend: a bid below the floor and a contract without a bid have none', () => {
  const round = roundOf([bidder('a'), bidder('low'), silent('none')], ['a']);
  expect(turnsChanged(round, [accepted('a')])).toEqual({ a: 0 });
});

test('Tiers contend apart, and so do contracts that are asked again', () => {
  const entries = [bidder('a'), bidder('b'), bidder('c', { tier: 2 }), bidder('d', { again: 'asked' })];
  const changes = turnsChanged(roundOf(entries, ['a', 'b', 'c', 'd']), [
    answered('a', 'refused'),
    answered('b', 'refused'),
    accepted('c'),
  ]);
  expect(changes.c).toBeCloseTo(0);
  expect(changes.d ?? 0).toBeCloseTo(0);
});

test('Without turns nothing changes', () => {
  expect(turnsUsed(roundOf([bidder('a')]), [accepted('a')])).toEqual({});
  expect(turnsChanged(roundOf([bidder('a')]), [accepted('a')])).toEqual({});
});
