import type { SandboxOutcome } from '../model/sandbox.js';
import type { Buyer } from '../model/market.js';
import type { Reason } from '../model/reason.js';
import type { Round } from '../model/round.js';
import type { LeadInRound } from './eligibility.js';
import type { CompiledCampaign } from './compileCampaign.js';
import { newRound } from './newRound.js';

/** Why no contract is asked, by outcome; the first contract is asked for all other outcomes. */
const EXCLUDED: Partial<Record<SandboxOutcome, Reason>> = {
  no_buyer_eligible: 'filtered',
  duplicate: 'duplicate',
};

const DETAIL = 'by the sandbox';

/**
 * A round of a sandbox lead: the campaign's first contract is asked for a bid, whatever its terms are, or none is. A lead
 * that it was offered before is not offered to it again.
 */
export function sandboxRound<B extends Buyer>(
  market: CompiledCampaign<B>,
  outcome: SandboxOutcome,
  times: { number: number; receivedAt: number; now: number },
  offered: LeadInRound['offered'],
): Round {
  const [first, ...others] = market.contracts;
  const before = first && offered[first.contract.id];
  const reason = EXCLUDED[outcome] ?? (before === 'returned' ? 'refused' : before);
  const open = first === undefined || reason !== undefined ? [] : [first];
  const rest = (open.length === 0 ? market.contracts : others).map(({ buyer }) => buyer.id);
  const excluded =
    rest.length === 0 ? [] : [{ reason: reason ?? 'filtered', detail: DETAIL, buyers: rest.join(' ') }];
  const round = newRound(market, times, { open, excluded, changes: [] }, new Map());
  // A fixed price would be a bid; the sandbox decides whether there is one.
  const later = round.later.map((candidate) => ({ ...candidate, price: undefined, sharedPrice: undefined }));
  return { ...round, later };
}
