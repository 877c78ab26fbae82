/** Why a contract did not buy: the closed list that docs/ops.md explains, in the order in which the checks are made. */
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

/** A reason as people read it; a buyer whose circuit is open is left out, as `gavel buyers list` says. */
export const reasonInWords = (reason: string): string =>
  reason === 'circuit_open' ? 'left out' : reason.replaceAll('_', ' ');

/**
 * Why a lead is unsold, in one word for its seller: how far it came in its last round, that its person is on a list of
 * those whose leads must not be sold, or that it has been offered as often as a lead is.
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
