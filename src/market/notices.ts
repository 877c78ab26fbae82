import { bandOf } from './band.js';
import type { Reason } from './reason.js';
import type { Outcome, Round } from './round.js';

/** What a buyer is told of its part in a round. */
export type Notice = { buyer: string; contract: string } & (
  { kind: 'won' | 'billed' } | { kind: 'lost'; pingId: string; bidId?: string; reason: Reason; band?: string }
);

/** Who was sent the lead knows by its own answer how that ended. */
const KNOWN: readonly Reason[] = ['refused', 'uncertain'];

/**
 * What there is to tell the buyers that want notices: whose post was accepted has won, and is billed but for a test;
 * whose bid did not win has lost, and hears in which band the lead went for the least.
 */
export function noticesOf(round: Round, outcomes: readonly Outcome[], isTest: boolean): Notice[] {
  const { tell, terms, entries } = round;
  const prices = outcomes.flatMap((outcome) => (outcome.sold ? [outcome.price ?? 0] : []));
  const band = prices.length > 0 ? bandOf(Math.min(...prices), terms.currency) : undefined;
  const bids = new Map(entries.flatMap((entry) => ('bid' in entry ? [[entry.contract, entry.bid]] : [])));
  return outcomes.flatMap((outcome): Notice[] => {
    const { buyer, contract } = outcome;
    if (!tell.notices.includes(buyer)) return [];
    const won = { buyer, contract, kind: 'won' } as const;
    if (outcome.sold) return isTest ? [won] : [won, { buyer, contract, kind: 'billed' }];
    const { pingId, bidId } = bids.get(contract) ?? {};
    if (pingId === undefined || KNOWN.includes(outcome.reason)) return [];
    const { reason } = outcome;
    return [{ buyer, contract, kind: 'lost', pingId, bidId, reason, ...(band !== undefined && { band }) }];
  });
}
