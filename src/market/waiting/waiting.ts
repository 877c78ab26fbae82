import type { OfferAnswer } from '../auction/decide.js';
import type { LeadFacts } from '../model/lead.js';
import type { Change, Round } from '../model/round.js';
import type { PendingTerms } from '../model/market.js';

/** What a pending lead sleeps towards: the next round or its end, also by its number of rounds. `at` is UTC ms. */
export interface Wait {
  until: 'retry' | 'expiry' | 'last round' | Change['what'];
  at: number;
}

/** What ops have changed since a lead fell asleep, as far as it goes by it while it sleeps. */
export interface WaitUpdate {
  /** The campaign's terms for leads that wait, where they are others now. */
  pending?: PendingTerms;
  /** Moments that its last round could not foresee. */
  changes: readonly Change[];
}

/** What a lead goes by while it waits: its last round, or as much of it as that takes. */
export type WaitingRound = Pick<Round, 'number' | 'at' | 'changes'> & {
  terms: Pick<Round['terms'], 'pending'>;
};

/** The same of a round and its answers, as little as will do; it stays small, however long the lead waits. */
export const waitingRound = (
  { number, at, changes, terms }: Round,
  answers: readonly OfferAnswer[],
): WaitingRound => ({
  number,
  at,
  changes: soonestOfEach([...changes, ...changesIn(answers)]),
  terms: { pending: terms.pending },
});

/** A round with what its lead was told since: it is as if it had been known then. */
export const withWaitUpdate = <R extends WaitingRound>(round: R, { pending, changes }: WaitUpdate): R => ({
  ...round,
  terms: pending === undefined ? round.terms : { ...round.terms, pending },
  changes: soonestOfEach([...round.changes, ...changes]),
});

/** Both of what was told; where they differ, the later one holds. */
export const mergeWaitUpdates = (first: WaitUpdate, then: WaitUpdate): WaitUpdate => ({
  ...first,
  ...then,
  changes: soonestOfEach([...first.changes, ...then.changes]),
});

/** Of each kind of change the soonest, which is all that a wait goes by: a market may change for months. */
function soonestOfEach(changes: readonly Change[]): Change[] {
  const soonest = new Map<Change['what'], Change>();
  for (const change of changes) {
    const known = soonest.get(change.what);
    if (known === undefined || change.at < known.at) soonest.set(change.what, change);
  }
  return [...soonest.values()];
}

/** When limits that left no room for an offer have some again. */
const changesIn = (answers: readonly OfferAnswer[]): Change[] =>
  answers.flatMap((answer) => ('change' in answer && answer.change ? [answer.change] : []));

export const isSameWait = (a: Wait, b: Wait): boolean => a.at === b.at && a.until === b.until;

/**
 * A lead that was offered so often is not offered again, though its market changes: twice what a campaign's waits may
 * come to (`MOST_ROUNDS` in file/checks.ts).
 */
export const MOST_ROUNDS_OF_LIFE = 2000;

/** Whether the lead ends when the wait is over. */
export const isLastWait = ({ until }: Wait): boolean => until === 'expiry' || until === 'last round';

/**
 * The next moment at which something can change for an unsold lead: a retry time, a change that the round foresaw (a
 * delay that ends, a schedule that opens, a cap whose window turns, a pause that ends, a failing buyer's pause that ends, a new stage), the
 * end of a window whose limit left no room for an offer of it, or its expiry. Retry waits run from the round before; the
 * last one repeats. Retries go on while a limit is full: a post that is refused and a return give room back early, and no
 * change announces that. What would fall on or after the expiry is not waited for.
 * @param answers what came of the round's offers
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
