import type { LeadStatus } from './lead.js';
import { toDecimal, type Minor } from './money.js';
import type { LeadReason } from './reason.js';

/** What is stored of how a lead stands. `price` is what the seller earns, the sum over buyers. */
export interface LeadStanding {
  status: LeadStatus;
  currency: string;
  price?: Minor;
  buyerIds?: string[];
  reason?: LeadReason;
  /** There is one once the lead was withdrawn, also while a post in flight may still sell it. */
  withdrawal?: object;
}

/** Between its receipt and its first round a lead is `pending` for its seller: accepted, and not sold. */
type ShownStatus = Exclude<LeadStatus, 'received'>;

/** How a lead stands in the words that its seller reads, in the API's answers and in postbacks alike. */
export function standingInWords({ status, currency, price, buyerIds, reason, withdrawal }: LeadStanding): {
  status: ShownStatus;
  price?: number;
  buyer_ids?: string[];
  reason?: LeadReason;
  withdrawing?: true;
} {
  if (status === 'received' || status === 'pending')
    return { status: 'pending', reason, withdrawing: withdrawal && true };
  if (status !== 'sold') return { status, reason };
  return {
    status,
    price: price === undefined ? undefined : toDecimal(price, currency),
    buyer_ids: buyerIds,
  };
}
