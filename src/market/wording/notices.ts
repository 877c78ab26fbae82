import { bandOf } from './priceBand.js';
import type { Reason } from '../model/reason.js';
import type { Outcome, Round } from '../model/round.js';

/** A notice to a buyer about its part in a round. */
export type Notice = { buyer: string; contract: string } & (
  | { kind: 'won' | 'billed' | 'low_balance' }
  | { kind: 'lost'; pingId: string; bidId?: string; reason: Reason; detail?: string; band?: string }
  | UnusedNotice
);

/**
 * Of a test lead: an answer could not be used, or nothing was asked, because the buyer is left out after failures. `id` is
 * the ping's or the post's.
 */
type UnusedNotice = { kind: 'unused'; reason: Reason; detail?: string } & (
  | { of: 'ping' | 'post'; id: string }
  | { of: 'lead' }
);

/** A buyer that was sent the lead knows by its own answer how that ended. */
const KNOWN: readonly Reason[] = ['refused', 'uncertain'];

/** Why a bid could not be used that arrived as a bid: it is too low, or expires too soon. */
const NOT_USED: readonly Reason[] = ['below_floor', 'invalid_response'];

/**
 * The notices of a round to the buyers that want them: a buyer whose post was accepted has won, and is billed unless the
 * lead is a test; a buyer whose bid did not win has lost, and learns the band of the lowest price at which the lead was
 * sold. Of a test lead, buyers learn which of their answers could not be used.
 * @param low contracts whose sale took their buyer's prepaid balance below the amount that it wants a notice at
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
    const { reason, detail } = outcome;
    const why = NOT_USED.includes(reason) ? detail : undefined;
    const lost = { buyer, contract, kind: 'lost' as const, pingId, bidId, reason, detail: why, band };
    const isUnused = isTest && NOT_USED.includes(reason) && tell.notices[buyer]?.includes('lost') !== true;
    return isUnused ? [{ buyer, contract, kind: 'unused', of: 'ping', id: pingId, reason, detail }] : [lost];
  });
  const unused = isTest ? [...unusedPings(round), ...leftOut(outcomes)] : [];
  return [...all, ...unused].filter(({ buyer, kind }) => tell.notices[buyer]?.includes(kind));
}

const unusedPings = ({ entries }: Round): Notice[] =>
  entries.flatMap((entry): Notice[] => {
    if (!('noBid' in entry)) return [];
    const { buyer, contract, noBid } = entry;
    const { pingId: id, reason, detail } = noBid;
    if (id === undefined) return [];
    return [{ buyer, contract, kind: 'unused', of: 'ping', id, reason, detail }];
  });

/** A buyer whose circuit is open is not asked, and would look in vain for a ping of its test lead. */
const leftOut = (outcomes: readonly Outcome[]): Notice[] =>
  outcomes.flatMap((outcome): Notice[] => {
    if (outcome.sold || outcome.reason !== 'circuit_open') return [];
    const { buyer, contract, reason, detail } = outcome;
    return [
      { buyer, contract, kind: 'unused', of: 'lead', reason, detail: `left out ${detail ?? ''}`.trim() },
    ];
  });

/** The notice that the first answer to a post of a test lead is neither yes nor no, if the buyer wants it. */
export function unusedPost(
  { tell }: Pick<Round, 'tell'>,
  { buyer, contract }: { buyer: string; contract: string },
  { test, postId, detail }: { test: boolean; postId: string; detail?: string },
): Notice | undefined {
  if (!test || tell.notices[buyer]?.includes('unused') !== true) return undefined;
  return { buyer, contract, kind: 'unused', of: 'post', id: postId, reason: 'uncertain', detail };
}
