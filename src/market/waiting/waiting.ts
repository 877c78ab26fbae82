import type { OfferAnswer } from '../auction/decide.js';
import type { LeadFacts } from '../model/lead.js';
import type { Change, Round } from '../model/round.js';
import type { PendingTerms } from '../model/market.js';

/** The end of a pending lead's wait: the next round, its expiry, or the limit of rounds. `at` is UTC ms. */
export interface Wait {
  until: 'retry' | 'expiry' | 'last round' | Change['what'];
  at: number;
}

/** Changes by ops that affect a lead's current wait. */
export interface WaitUpdate {
  /** The campaign's terms for pending leads, if they changed. */
  pending?: PendingTerms;
  changes: readonly Change[];
}

/** The part of a lead's last round that its wait depends on. */
export type WaitingRound = Pick<Round, 'number' | 'at' | 'changes'> & {
  terms: Pick<Round['terms'], 'pending'>;
};

/**
 * Reduces a round and its answers to what the wait depends on, so that the state stays small however long the lead
 * waits.
 */
export const waitingRound = (
  { number, at, changes, terms }: Round,
  answers: readonly OfferAnswer[],
): WaitingRound => ({
  number,
  at,
  changes: soonestOfEach([...changes, ...changesIn(answers)]),
  terms: { pending: terms.pending },
});

/** A round with a later update, as if it had been known then. */
export const withWaitUpdate = <R extends WaitingRound>(round: R, { pending, changes }: WaitUpdate): R => ({
  ...round,
  terms: pending === undefined ? round.terms : { ...round.terms, pending },
  changes: soonestOfEach([...round.changes, ...changes]),
});

/** Merges two updates. If they differ, the later one wins. */
export const mergeWaitUpdates = (first: WaitUpdate, then: WaitUpdate): WaitUpdate => ({
  pending: then.pending ?? first.pending,
  changes: soonestOfEach([...first.changes, ...then.changes]),
});

/** The soonest change of each kind. A wait needs no more, and a market may change for months. */
function soonestOfEach(changes: readonly Change[]): Change[] {
  const soonest = new Map<Change['what'], Change>();
  for (const change of changes) {
    const known = soonest.get(change.what);
    if (known === undefined || change.at < known.at) soonest.set(change.what, change);
  }
  return [...soonest.values()];
}

/** The times at which limits that excluded an offer allow sales again. */
const changesIn = (answers: readonly OfferAnswer[]): Change[] =>
  answers.flatMap((answer) => ('change' in answer && answer.change ? [answer.change] : []));

export const isSameWait = (a: Wait, b: Wait): boolean => a.at === b.at && a.until === b.until;

/**
 * The maximum number of rounds of a lead, even if its market changes: twice the maximum that a campaign's waits may
 * add up to (`MOST_ROUNDS` in file/marketChecks.ts).
 */
export const MOST_ROUNDS_OF_LIFE = 2000;

/** Whether the lead ends when the wait is over. */
export const isLastWait = ({ until }: Wait): boolean => until === 'expiry' || until === 'last round';

/**
 * The next time at which something can change for an unsold lead: a retry time, a change that the round foresaw (a
 * delay or pause that ends, a schedule that opens, a cap window that ends, a failing buyer that is tried again, a new
 * stage), the end of a window whose limit excluded an offer, or the lead's expiry. Retry waits start at the previous
 * round; the last one repeats. Retries continue while a limit is full, because a refused post or a return frees it
 * early without a change being announced. Times on or after the expiry do not count.
 * @param answers the results of the round's offers
 */
export function nextWait(lead: LeadFacts, round: WaitingRound, answers: readonly OfferAnswer[]): Wait {
  if (round.number - (lead.roundsBefore ?? 0) >= MOST_ROUNDS_OF_LIFE)
    return { until: 'last round', at: round.at };
  const { retryAfter, expireAfter } = round.terms.pending;
  const expiry: Wait = { until: 'expiry', at: lead.receivedAt + expireAfter };
  const wait = retryAfter[Math.min(round.number, retryAfter.length) - 1];
  const retry: Wait[] = wait === undefined ? [] : [{ until: 'retry', at: round.at + wait }];
  const changes = [...round.changes, ...changesIn(answers)].map(({ what, at }): Wait => ({
    until: what,
    at,
  }));
  return [expiry, ...changes, ...retry].reduce((soonest, next) => (next.at < soonest.at ? next : soonest));
}
