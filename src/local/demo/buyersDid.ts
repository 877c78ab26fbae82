import type { LeadDetails } from '../../operations/leads/leadDetails.js';

/** What one buyer did with a lead in its last round. */
export interface BuyerDid {
  buyer: string;
  /** How long it took to answer the ping, ms; absent if it was not asked. */
  ms?: number;
  /** Its bid, or its contract's price. */
  price?: number;
  /** Of the price. */
  currency: string;
  /** "sold", or the reason why not. */
  outcome: string;
  /** The outcome of its post; absent if there was none. */
  post?: string;
}

/** Reads off a lead's story what each buyer did, the one who bought first. */
export function buyersDid({ rounds, posts, currency }: LeadDetails): BuyerDid[] {
  const contracts = rounds.at(-1)?.contracts ?? [];
  const did = contracts.map(({ contract, buyer, bid, ms, outcome }): BuyerDid => {
    const post = posts.find((each) => each.contract === contract)?.status;
    return {
      buyer,
      ms,
      price: bid,
      currency,
      outcome,
      post,
    };
  });
  return did.toSorted((a, b) => Number(b.outcome === 'sold') - Number(a.outcome === 'sold'));
}
