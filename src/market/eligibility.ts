import type { LeadFacts } from './lead.js';
import type { Contract } from './terms.js';
import type { NoBid } from './round.js';

/**
 * Whether the contract takes this lead now; undefined means that it does, every refusal has its reason.
 * @param now UTC ms
 */
export function ineligible(contract: Contract, lead: LeadFacts, now: number): NoBid | undefined {
  if (contract.states !== undefined && (lead.state === undefined || !contract.states.includes(lead.state))) {
    return { reason: 'state' };
  }
  const from = offeredFrom(contract, lead);
  if (now < from) return { reason: 'not_yet', detail: `offered from ${new Date(from).toISOString()}` };
  return undefined;
}

/** From when on the contract may be offered the lead, UTC ms: its delay runs from the lead's receipt. */
export function offeredFrom(contract: Contract, lead: LeadFacts): number {
  return lead.receivedAt + (contract.delay ?? 0);
}

/** The first moment after `now` at which a delay ends, UTC ms; undefined when none is still running. */
export function nextDelayEnds(contracts: Contract[], lead: LeadFacts, now: number): number | undefined {
  const ahead = contracts.map((contract) => offeredFrom(contract, lead)).filter((from) => from > now);
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}
