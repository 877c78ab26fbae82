import type { CompiledCampaign } from './compileCampaign.js';
import { candidateOf, type LimitState, type Plan } from './plan.js';
import type { Bid, Candidate, Round } from '../model/round.js';
import { saleAt } from '../model/stages.js';
import type { Buyer } from '../model/market.js';

/**
 * A round before its first ping: the candidates, and the reasons of the other contracts.
 * @param receivedAt of the lead, UTC ms
 * @param now UTC ms
 */
export function newRound<B extends Buyer>(
  { seller, campaign, contracts, marketVersion }: CompiledCampaign<B>,
  { number, receivedAt, now }: { number: number; receivedAt: number; now: number },
  plan: Plan<B>,
  usage: LimitState['usage'],
): Round {
  const sale = saleAt(campaign, receivedAt, now);
  return {
    number,
    campaign: campaign.id,
    marketVersion,
    version: 0,
    at: now,
    terms: {
      currency: campaign.currency,
      sale,
      margin: campaign.margin,
      pending: campaign.pending,
    },
    excluded: plan.excluded,
    entries: [],
    later: plan.open.map((ready) => candidateOf(ready, sale, usage.get(ready.contract.id))),
    changes: plan.changes,
    tell: {
      postbacks: seller.postbacks.length,
      notices: Object.fromEntries(
        contracts.flatMap(({ buyer }) => (buyer.notices ? [[buyer.id, buyer.notices.events]] : [])),
      ),
    },
  };
}

/** The bid of a contract with a fixed price, which is not pinged; undefined if the contract must be pinged. */
export function fixedBid({ price, sharedPrice }: Pick<Candidate, 'price' | 'sharedPrice'>): Bid | undefined {
  if (price === undefined && sharedPrice === undefined) return undefined;
  return { price, shared: sharedPrice };
}
