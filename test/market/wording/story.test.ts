import { describe, expect, test } from 'vitest';
import { compileContracts } from '../../../src/market/eligibility/compileCampaign.js';
import { leadExclusion, type LeadInRound } from '../../../src/market/eligibility/eligibility.js';
import { endInWords, roundInWords } from '../../../src/market/wording/story.js';
import { detailsOf, fullUntil, waitInWords } from '../../../src/market/wording/waitingLead.js';
import type { Outcome, Round } from '../../../src/market/model/round.js';
import { buyerOf as buyerTermsOf, contractOf } from '../simulate/live.js';

const ROUND: Round = {
  number: 1,
  campaign: 'c',
  version: 1,
  at: 0,
  terms: {
    currency: 'USD',
    sale: { mode: 'shared', maxBuyers: 100, floor: 0, award: 'highestBid' },
    pending: { retryAfter: [], expireAfter: 0 },
  },
  excluded: [],
  entries: [],
  later: [],
  changes: [],
  tell: { postbacks: 0, notices: {} },
};

const buyerOf = (i: number): string => `buyer-${i}-`.padEnd(64, 'x');
const many = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));

/** The rounds kept in the result: the first five and the last twenty. */
const ROUNDS = 25;
const MOST_BYTES = 2 * 1024 * 1024;

describe('the description of a round', () => {
  test('stays small for any number of contracts and any length of answers', () => {
    const asked = many(1000, (i): Outcome => {
      const who = { contract: `c/${i}`, buyer: buyerOf(i), ms: 12, price: 1000 };
      return i === 990
        ? { ...who, sold: true }
        : { ...who, sold: false, reason: 'refused', detail: 'no '.repeat(1000) };
    });
    const excluded = many(1000, (i): Outcome => {
      const who = { contract: `x/${i}`, buyer: buyerOf(i + 1000) };
      return { ...who, sold: false, reason: 'state', detail: 'no '.repeat(1000) };
    });
    const entries = asked.map(({ contract, buyer }) => ({ contract, buyer, tier: 1, bid: { price: 1000 } }));
    const { buyers } = roundInWords({ ...ROUND, entries }, [...asked, ...excluded]);
    expect(Buffer.byteLength(JSON.stringify(buyers)) * ROUNDS).toBeLessThan(MOST_BYTES / 2);
    expect(buyers[buyerOf(990)]).toBe('sold at $10.00 (12 ms)');
    expect(buyers[buyerOf(0)]).toMatch(/^refused at \$10\.00 \(12 ms\): no no .*…$/);
    expect(buyers['(refused)']).toBe('950 contracts');
    expect(buyers['(state)']).toBe('1000 contracts');
    expect(Object.keys(buyers)).toHaveLength(52);
  });
});

test('The input of a decision can be copied from Temporal’s details with its quotes', () => {
  const input = '{"buyer":"odd","accepted":true}';
  const details = detailsOf({
    status: 'held',
    waitsFor: 'the decision of ops',
    until: 'then',
    opsCan: [`odd took the lead: resolvePost with the input ${input}, or \`gavel leads resolve\``],
  });
  expect(details).toContain(`with the input \`${input}\`, or \`gavel leads resolve\``);
});

test('A lead whose buyers are all full waits for its next retry, and the description names the end of the limits', () => {
  const at = Date.UTC(2026, 10, 29);
  const wait = { until: 'retry', at: 0 } as const;
  const changes = [{ at, what: 'window' }] as const;
  const unsold = (reason: Extract<Outcome, { sold: false }>['reason']): Outcome => ({
    contract: reason,
    buyer: reason,
    sold: false,
    reason,
  });
  const full = [unsold('capped'), unsold('over_budget'), unsold('state')];
  expect(waitInWords(wait, fullUntil(full, changes))).toBe(
    'its next retry; all its buyers are full until 2026-11-29 00:00:00 UTC',
  );
  expect(waitInWords(wait, fullUntil([...full, unsold('no_bid')], changes))).toBe('its next retry');
  expect(fullUntil(full, [])).toBeUndefined();
  expect(fullUntil([unsold('state')], changes)).toBeUndefined();
});

test('The description of a lead with a hundred buyers names twenty of them', () => {
  const story = endInWords({
    status: 'sold',
    sales: many(100, (i) => ({ buyer: buyerOf(i), price: 100 })),
    currency: 'USD',
    reason: 'no_bid',
    rounds: 1,
    took: 1000,
  });
  expect(story).toContain(`${buyerOf(19)} at $1.00 and 80 others in round 1`);
  expect(story).not.toContain(buyerOf(20));
});

describe('a contract excluded by state', () => {
  const lead = (state?: string): LeadInRound => ({
    facts: { leadId: 'l', seller: 's', category: 'c', state, receivedAt: 0, test: false },
    fields: {},
    currency: 'USD',
    source: 'landing',
    offered: {},
  });
  const of = (states: string[], contracts = 1) => {
    const all = many(contracts, (i) => contractOf(`buyer-${i}`, { states }));
    const buyers = new Map(all.map(({ buyer }) => [buyer, buyerTermsOf(buyer)]));
    const [first] = compileContracts({ currency: 'USD' }, all, buyers);
    if (first === undefined) throw new Error('There is no contract');
    return first;
  };

  test('names the states that it buys, at most the first six', () => {
    expect(leadExclusion(of(['TX', 'CA', 'FL']), lead('NV'), 0)?.detail).toBe('buys TX, CA, FL only');
    const nine = ['TX', 'CA', 'FL', 'NY', 'AZ', 'WA', 'OR', 'UT', 'NM'];
    expect(leadExclusion(of(nine), lead('NV'), 0)?.detail).toBe(
      'buys TX, CA, FL, NY, AZ, WA and 3 other states only',
    );
  });

  test('names the lead’s state in a large campaign, so that all such contracts share one text', () => {
    expect(leadExclusion(of(['TX'], 31), lead('NV'), 0)?.detail).toBe('does not buy NV');
    expect(leadExclusion(of(['TX'], 31), lead(), 0)?.detail).toBe('does not buy leads without a state');
  });
});
