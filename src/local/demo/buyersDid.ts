import { formatMoney } from '../../market/money.js';
import type { Entry } from '../../market/round.js';
import type { Claim, LeadDocument } from '../../store/leads.js';

/** What one buyer did with a lead in its last round, in words. */
export interface BuyerDid {
  buyer: string;
  /** "bid 45.00 USD", "asks 12.50 USD"; empty where there is neither. */
  price: string;
  /** How long it took to answer the ping; absent where it was not asked. */
  ms?: number;
  /** "sold", or why not. */
  outcome: string;
}

/** Reads off a lead what each of its buyers did, the one who bought first. */
export function buyersDid({ rounds, claims, currency }: LeadDocument): BuyerDid[] {
  const last = Object.values(rounds)
    .toSorted((a, b) => a.number - b.number)
    .at(-1);
  const rows = (last?.entries ?? []).map((entry) => row(entry, claims[entry.contract], currency));
  return rows.toSorted((a, b) => Number(b.outcome === 'sold') - Number(a.outcome === 'sold'));
}

function row(entry: Entry, claim: Claim | undefined, currency: string): BuyerDid {
  const { buyer, ms } = entry;
  const price =
    'bid' in entry ? `${ms === undefined ? 'asks' : 'bid'} ${formatMoney(entry.bid.price, currency)}` : '';
  const outcome =
    'noBid' in entry ? entry.noBid.reason.replaceAll('_', ' ') : claim ? posted(claim) : 'outbid';
  return { buyer, price, outcome, ...(ms === undefined ? {} : { ms }) };
}

function posted({ status, detail }: Claim): string {
  if (status === 'accepted') return 'sold';
  return detail === undefined ? status : `${status}: ${detail}`;
}
