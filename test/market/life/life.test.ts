import { expect, test } from 'vitest';
import { live, type LifePort, type RoundResult } from '../../../src/market/life/life.js';
import type { UncertainPost } from '../../../src/market/life/deliver.js';

/** A lead whose rounds end like this, one after another, and then by a sale. Its pauses are noted, ms. */
function leadWith(results: RoundResult<UncertainPost>[]): {
  pauses: number[];
  lead: LifePort<UncertainPost>;
} {
  const pauses: number[] = [];
  const unused = (): never => {
    throw new Error('not part of this life');
  };
  let ended = false;
  const lead: LifePort<UncertainPost> = {
    ...{ markPending: unused, sleep: unused, end: unused, sendAgain: unused, askBuyer: unused },
    ...{
      decisionOfOps: unused,
      settle: unused,
      isWithdrawn: false,
      notifySeller: () => undefined,
      cancel: async () => undefined,
    },
    get hasEnded() {
      return ended;
    },
    get wait() {
      return unused();
    },
    runRound: async () => {
      const result = results.shift();
      ended = result === undefined;
      return result ?? { status: 'ended' };
    },
    pause: async (ms) => void pauses.push(ms),
    isReturned: async () => false,
  };
  return { pauses, lead };
}

const times = (count: number, result: RoundResult<UncertainPost>): RoundResult<UncertainPost>[] =>
  Array.from({ length: count }, () => result);

test('a lead goes on to the next buyer without a pause, even if twenty in a row give no clear answer', async () => {
  const posts = [{ contract: 'c', buyer: 'northwind', final: true as const }];
  const { pauses, lead } = leadWith(times(20, { status: 'uncertain', posts }));
  await live(lead);
  expect(pauses).toEqual([]);
});

test('a round that comes back again and again is slowed down to once a minute', async () => {
  const { pauses, lead } = leadWith(times(30, { status: 'interrupted' }));
  await live(lead);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map((seconds) => seconds * 1000));
});
