import { bandOf } from './band.js';
import type { Reason } from './reason.js';
import type { Outcome, Round } from './round.js';

/** What a buyer is told of its part in a round. */
export type Notice = { buyer: string; contract: string } & (
  | { kind: 'won' | 'billed' | 'low_balance' }
  | { kind: 'lost'; pingId: string; bidId?: string; reason: Reason; band?: string }
);

/** Who was sent the lead knows by its own answer how that ended. */
const KNOWN: readonly Reason[] = ['refused', 'uncertain'];

/**
 * What there is to tell the buyers that want to hear it: whose post was accepted has won, and is billed but for a test;
 * whose bid did not win has lost, and hears in which band the lead went for the least.
 * @param low contracts whose sale took their buyer's prepaid balance below what it wants to hear of
 */
export function noticesOf(
  round: Round,
  outcomes: readonly Outcome[],
  isTest: boolean,
  low: readonly string[],
): Notice[] {
  const { tell, terms, entries } = round;
  const prices = outcomes.flatMap((outcome) => (outcome.sold ? [outcome.price ?? 0] : []));
  const band = prices.length > 0 ? bandOf(Math.min(...prices), terms.currency) : undefined;
  const bids = new Map(entries.flatMap((entry) => ('bid' in entry ? [[entry.contract, entry.bid]] : [])));
  const all = outcomes.flatMap((outcome): Notice[] => {
    const { buyer, contract } = outcome;
    if (outcome.sold) {
      const kinds = ['won', ...(isTest ? [] : (['billed'] as const))] as const;
      const told = low.includes(contract) ? ([...kinds, 'low_balance'] as const) : kinds;
      return told.map((kind) => ({ buyer, contract, kind }));
    }
    const { pingId, bidId } = bids.get(contract) ?? {};
    if (pingId === undefined || KNOWN.includes(outcome.reason)) return [];
    const { reason } = outcome;
    return [{ buyer, contract, kind: 'lost', pingId, bidId, reason, ...(band !== undefined && { band }) }];
  });
  return all.filter(({ buyer, kind }) => tell.notices[buyer]?.includes(kind));
}
