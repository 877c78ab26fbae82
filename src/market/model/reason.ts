/** Why a contract did not buy: the closed list that docs/ops.md explains, in the order of the checks. */
export const REASONS = [
  // before anybody is asked
  'filtered',
  'state',
  'closed',
  'capped',
  'over_budget',
  'no_balance',
  'duplicate',
  'paused',
  'not_yet',
  'circuit_open',
  // the answer to the ping
  'no_bid',
  'below_floor',
  'timeout',
  'unreachable',
  'http_error',
  'invalid_response',
  // the sale
  'outbid',
  'refused',
  'uncertain',
] as const;

export type Reason = (typeof REASONS)[number];

/** A reason in words. A buyer with an open circuit is "left out", as in `gavel buyers list`. */
export const reasonInWords = (reason: string): string =>
  reason === 'circuit_open' ? 'left out' : reason.replaceAll('_', ' ');

/**
 * Why a lead is unsold, in one word for its seller: how far it came in its last round, that its person is on a
 * suppression list, or that it has reached the limit of rounds.
 */
export const LEAD_REASONS = [
  'no_buyer_eligible',
  'no_bid',
  'below_floor',
  'refused',
  'uncertain',
  'suppressed',
  'too_many_rounds',
] as const;

export type LeadReason = (typeof LEAD_REASONS)[number];
