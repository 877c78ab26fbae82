import type { PricePromise } from '../model/pricePromise.js';
import type { Entry, Round } from '../model/round.js';
import type { Offer } from './decide.js';

/** The promise of a ping for these offers; undefined if there is none. */
export function promiseOf(offers: readonly Offer[]): PricePromise | undefined {
  if (offers.length === 0) return undefined;
  const earnings = offers.map(({ earns }) => earns);
  return {
    price: earnings.reduce((sum, earns) => sum + earns, 0),
    least: Math.min(...earnings),
    reserved: offers.map(({ contract, buyer, price }) => ({ contract, buyer, price })),
  };
}

/**
 * The round of a lead whose ping was answered: the contracts that may buy the lead, now that its person is known, keep
 * their bids and their refusals. An expired bid is asked for again when its turn comes. Undefined if no bid is left.
 */
export function withPingedAnswers(planned: Round, pinged: Round): Round | undefined {
  const before = new Map(pinged.entries.map((entry) => [entry.contract, entry]));
  const entries = planned.later.flatMap((candidate): Entry[] => {
    const entry = before.get(candidate.contract);
    if (entry === undefined || !isAnswered(entry)) return [];
    const { ms, sentAfter } = entry;
    const times = { ms, sentAfter: sentAfter === undefined ? undefined : pinged.at + sentAfter - planned.at };
    const answer = 'bid' in entry ? { bid: entry.bid } : { noBid: entry.noBid };
    return [{ ...candidate, ...times, ...answer }];
  });
  if (!entries.some((entry) => 'bid' in entry)) return undefined;
  const known = new Set(entries.map(({ contract }) => contract));
  return {
    ...planned,
    version: planned.version + 1,
    entries,
    later: planned.later.filter(({ contract }) => !known.has(contract)),
    decidedAfter: 0,
  };
}

const isAnswered = (entry: Entry): boolean => 'bid' in entry || entry.noBid.reason === 'no_bid';
