import { ineligible } from './eligibility.js';
import type { LeadFacts } from './lead.js';
import type { Reason } from './reason.js';
import type { Entry } from './round.js';
import type { Buyer, Campaign, Contract } from './terms.js';

/** What is settled before anybody is asked, and who is to be asked; every contract is in one of the two. */
export interface Plan<B extends Buyer> {
  settled: Entry[];
  toPing: { contract: Contract; buyer: B; ping: NonNullable<Buyer['ping']> }[];
}

/**
 * Sorts a campaign's contracts for one round.
 * @param offered how earlier offers of this lead ended, by contract: a buyer that had it is not asked again
 * @param now UTC ms
 */
export function planRound<B extends Buyer>(
  campaign: Campaign,
  contracts: { contract: Contract; buyer: B }[],
  lead: LeadFacts,
  offered: Record<string, Extract<Reason, 'refused' | 'uncertain'>>,
  now: number,
): Plan<B> {
  const plan: Plan<B> = { settled: [], toPing: [] };
  for (const { contract, buyer } of contracts) {
    const who = { contract: contract.id, buyer: buyer.id };
    const before = offered[contract.id];
    const noBid = !campaign.active
      ? { reason: 'paused' as const }
      : before !== undefined
        ? { reason: before, detail: 'in an earlier round' }
        : ineligible(contract, lead, now);
    if (noBid) plan.settled.push({ ...who, noBid });
    else if (contract.price !== undefined) plan.settled.push({ ...who, bid: { price: contract.price } });
    else if (buyer.ping) plan.toPing.push({ contract, buyer, ping: buyer.ping });
    else
      plan.settled.push({
        ...who,
        noBid: { reason: 'no_bid', detail: 'the buyer has neither a ping nor a price' },
      });
  }
  return plan;
}
