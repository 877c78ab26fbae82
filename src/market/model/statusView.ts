import type { LeadStatus } from './lead.js';
import { toDecimal, type Minor } from '../money.js';
import type { LeadReason } from './reason.js';

/** Who withdrew a lead: the seller, ops, a suppression list or an erasure. */
export type WithdrawnBy = 'seller' | 'ops' | 'suppression' | 'erasure';

/** A returned sale. */
export interface LeadReturn {
  buyer: string;
  reason: string;
  at: Date;
  /** What the seller no longer earns. */
  amount: Minor;
}

/** The stored fields of a lead's status. `price` is the seller's earnings, the sum over buyers. */
export interface StatusFields {
  status: LeadStatus;
  currency: string;
  price?: Minor;
  buyerIds?: string[];
  /** Where a buyer wants the person to be sent. */
  redirectUrl?: string;
  reason?: LeadReason;
  /** Set once a withdrawal was requested, also while a post in flight may still sell the lead. */
  withdrawal?: { asked?: WithdrawnBy; reason?: 'suppressed' };
  /** In the order in which they were booked; absent if there are none. */
  returns?: LeadReturn[];
}

/** Between its receipt and its first round a lead is `pending` for its seller: accepted, and not sold. */
type ShownStatus = Exclude<LeadStatus, 'received'>;

type StatusView = {
  status: ShownStatus;
  price?: number;
  buyer_ids?: string[];
  redirect_url?: string;
  reason?: LeadReason;
  withdrawing?: true;
  withdrawn_by?: WithdrawnBy;
  returns?: { buyer_id: string; reason: string; returned_at: string; amount: number }[];
};

/** A lead's status as its seller sees it, in the API's answers and in postbacks alike. */
export function statusView(lead: StatusFields): StatusView {
  const { currency, price, buyerIds, redirectUrl, withdrawal, returns } = lead;
  const status = lead.status === 'received' ? 'pending' : lead.status;
  const isSold = status === 'sold' || status === 'returned';
  const isBooked = isSold || returns !== undefined;
  return {
    status,
    price: isBooked && price !== undefined ? toDecimal(price, currency) : undefined,
    buyer_ids: status === 'sold' ? buyerIds : undefined,
    redirect_url: status === 'sold' ? redirectUrl : undefined,
    reason: shownReason(lead),
    withdrawing: status === 'pending' && withdrawal ? true : undefined,
    withdrawn_by: status === 'withdrawn' ? withdrawnBy(lead) : undefined,
    returns: returns?.map(({ buyer, reason, at, amount }) => ({
      buyer_id: buyer,
      reason,
      returned_at: at.toISOString(),
      amount: toDecimal(amount, currency),
    })),
  };
}

/** Why a lead is unsold. A withdrawn lead has no other reason, however far its last round came. */
export function shownReason({
  status,
  reason,
}: Pick<StatusFields, 'status' | 'reason'>): LeadReason | undefined {
  if (status === 'sold' || status === 'returned') return undefined;
  return status === 'withdrawn' && reason !== 'suppressed' ? undefined : reason;
}

/** Who withdrew a lead; undefined if an earlier release did not store it. */
export const withdrawnBy = ({
  reason,
  withdrawal,
}: Pick<StatusFields, 'reason' | 'withdrawal'>): WithdrawnBy | undefined =>
  withdrawal?.asked ?? (reason === 'suppressed' ? 'suppression' : undefined);
