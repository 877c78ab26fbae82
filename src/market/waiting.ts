import type { LeadFacts } from './lead.js';
import type { Round } from './round.js';

/** What a pending lead sleeps towards: the next round or its end. `at` is UTC ms. */
export interface Wait {
  until: 'retry' | 'delay' | 'expiry';
  at: number;
}

/**
 * The next moment at which something can change for an unsold lead: a retry time, a delay that ends, or its expiry.
 * Retry waits run from the round before; the last one repeats. A retry that would fall on or after the expiry is not made.
 */
export function nextWait(lead: LeadFacts, round: Round): Wait {
  const { retryAfter, expireAfter } = round.terms;
  const expiry: Wait = { until: 'expiry', at: lead.receivedAt + expireAfter };
  const wait = retryAfter[Math.min(round.number, retryAfter.length) - 1];
  const candidates: Wait[] = [expiry];
  if (wait !== undefined) candidates.push({ until: 'retry', at: round.at + wait });
  if (round.nextDelayEnds !== undefined) candidates.push({ until: 'delay', at: round.nextDelayEnds });
  return candidates.reduce((soonest, next) => (next.at < soonest.at ? next : soonest));
}
