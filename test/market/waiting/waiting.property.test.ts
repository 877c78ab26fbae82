import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeadFacts } from '../../../src/market/model/lead.js';
import type { Change, Round } from '../../../src/market/model/round.js';
import { nextWait } from '../../../src/market/waiting/waiting.js';

const RECEIVED = Date.UTC(2026, 10, 24);
const lead: LeadFacts = {
  leadId: 'lead-1',
  seller: 'ACME1234',
  category: 'Auto',
  receivedAt: RECEIVED,
  test: false,
};
const spans = fc.integer({ min: 1000, max: 90_000_000 });

/** A round run while the lead was on sale, with foreseen changes after it. */
const rounds: fc.Arbitrary<Round> = fc
  .record({
    number: fc.integer({ min: 1, max: 12 }),
    expireAfter: spans,
    age: fc.double({ min: 0, max: 0.999, noNaN: true }),
    retryAfter: fc.array(spans, { maxLength: 6 }),
    changes: fc.array(
      fc.record({
        after: spans,
        what: fc.constantFrom<Change['what']>('delay', 'opening', 'window', 'stage', 'circuit'),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ number, expireAfter, age, retryAfter, changes }) => {
    const at = RECEIVED + Math.floor(expireAfter * age);
    return {
      number,
      campaign: 'ACME1234/auto',
      version: 1,
      at,
      terms: {
        currency: 'USD',
        sale: { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid' },
        pending: { retryAfter, expireAfter },
      },
      excluded: [],
      entries: [],
      later: [],
      changes: changes.map(({ after, what }) => ({ at: at + after, what })),
      tell: { postbacks: 0, notices: {} },
    };
  });

const always = (property: (round: Round) => void): void =>
  fc.assert(fc.property(rounds, property), { numRuns: 2000 });

const expiryOf = ({ terms }: Round): number => RECEIVED + terms.pending.expireAfter;
const retryOf = ({ number, at, terms: { pending } }: Round): number => {
  const wait = pending.retryAfter[number - 1] ?? pending.retryAfter.at(-1);
  return wait === undefined ? Infinity : at + wait;
};

describe('An unsold lead waits', () => {
  test('after its round and at most until its expiry', () => {
    always((round) => {
      const { at } = nextWait(lead, round, []);
      expect(at).toBeGreaterThan(round.at);
      expect(at).toBeLessThanOrEqual(expiryOf(round));
    });
  });

  test('for the earliest time at which something can change, and names the change', () => {
    always((round) => {
      const wait = nextWait(lead, round, []);
      const moments = [expiryOf(round), retryOf(round), ...round.changes.map(({ at }) => at)];
      expect(wait.at).toBe(Math.min(...moments));
      if (wait.until === 'retry') expect(wait.at).toBe(retryOf(round));
      else if (wait.until !== 'expiry')
        expect(round.changes).toContainEqual({ at: wait.at, what: wait.until });
    });
  });

  test('for its expiry and not for a round at the same time', () => {
    always((round) => {
      const atEnd = [{ at: expiryOf(round), what: 'opening' as const }];
      const never = { ...round.terms, pending: { ...round.terms.pending, retryAfter: [] } };
      expect(nextWait(lead, { ...round, terms: never, changes: atEnd }, []).until).toBe('expiry');
    });
  });

  test('not longer if one more change is foreseen', () => {
    always((round) => {
      const [, ...fewer] = round.changes;
      expect(nextWait(lead, round, []).at).toBeLessThanOrEqual(
        nextWait(lead, { ...round, changes: fewer }, []).at,
      );
    });
  });
});
