import type { Reason } from '../model/reason.js';
import type { Outcome, Round } from '../model/round.js';
import { toDecimal, type Minor } from '../money.js';

export type Notice = { buyer: string; contract: string } & (
  | { kind: 'won' | 'billed' | 'low_balance' }
  | { kind: 'lost'; pingId: string; bidId?: string; reason: Reason; detail?: string; band?: string }
  | UnusedNotice
);

/**
 * For test leads: an answer could not be used, or nothing was asked because the buyer is skipped after failures. `id`
 * is the ping's or the post's.
 */
type UnusedNotice = { kind: 'unused'; reason: Reason; detail?: string } & (
  | { of: 'ping' | 'post'; id: string }
  | { of: 'lead' }
);

/** Reasons that the buyer already knows, because it was sent the lead and answered. */
const KNOWN: readonly Reason[] = ['refused', 'uncertain'];

/** Why a well-formed bid could not be used: it is too low, or expires too soon. */
const NOT_USED: readonly Reason[] = ['below_floor', 'invalid_response'];

/**
 * The notices of a round, for buyers that subscribe to them. A buyer whose post was accepted has won, and is billed
 * unless the lead is a test. A buyer whose bid did not win has lost, and learns the price band of the lowest sale.
 * For test leads, buyers learn which of their answers could not be used.
 * @param low contracts whose sale took the prepaid balance below the threshold of the buyer's notice
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
      const events = low.includes(contract) ? ([...kinds, 'low_balance'] as const) : kinds;
      return events.map((kind) => ({ buyer, contract, kind }));
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

/** A buyer with an open circuit is not asked, so it would miss the ping of its test lead without a notice. */
const leftOut = (outcomes: readonly Outcome[]): Notice[] =>
  outcomes.flatMap((outcome): Notice[] => {
    if (outcome.sold || outcome.reason !== 'circuit_open') return [];
    const { buyer, contract, reason, detail } = outcome;
    return [
      { buyer, contract, kind: 'unused', of: 'lead', reason, detail: `left out ${detail ?? ''}`.trim() },
    ];
  });

/** The notice that the first answer to a test lead's post is neither a yes nor a no, if the buyer subscribes to it. */
export function unusedPost(
  { tell }: Pick<Round, 'tell'>,
  { buyer, contract }: { buyer: string; contract: string },
  { test, postId, detail }: { test: boolean; postId: string; detail?: string },
): Notice | undefined {
  if (!test || tell.notices[buyer]?.includes('unused') !== true) return undefined;
  return { buyer, contract, kind: 'unused', of: 'post', id: postId, reason: 'uncertain', detail };
}

/** Minimum width, minor units: a band that holds a single price would reveal it. */
const NARROWEST = 10;

/**
 * The band that contains a price, for readers who must not know the price itself. Its width is one unit of the
 * price's first digit: $45.00 is in "40-50", $12.50 in "10-20", the end excluded.
 */
export function bandOf(price: Minor, currency: string): string {
  const width = Math.max(NARROWEST, 10 ** (String(price).length - 1));
  const from = Math.floor(price / width) * width;
  return `${toDecimal(from, currency)}-${toDecimal(from + width, currency)}`;
}
