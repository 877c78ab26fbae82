import type { Minor } from '../money.js';
import type { ReturnPolicy } from './market.js';

/** The amounts of a refund; the buyer's part is the sum of the other two. */
export interface Refund {
  buyerGets: Minor;
  sellerPays: Minor;
  housePays: Minor;
}

/**
 * The refund of a sale. The buyer's part of the price and the seller's part of its earnings are both rounded down to
 * the currency's smallest unit. The house pays the rest, which is never more than it kept.
 * @param percent of the price, to a hundredth
 */
export function refundOf({ price, earns }: { price: Minor; earns: Minor }, percent: number): Refund {
  // In whole numbers: 10000 × 0.57 is less than 5700.
  const part = (amount: Minor): Minor => Math.floor((amount * Math.round(percent * 100)) / 10_000);
  const [buyerGets, sellerPays] = [part(price), part(earns)];
  return { buyerGets, sellerPays, housePays: buyerGets - sellerPays };
}

/** The format of a return reason, in the market file and in the ledger: `wrong_number`. */
export const isReasonCode = (text: string): boolean => /^[a-z][a-z0-9_]{0,39}$/.test(text);

/**
 * A buyer's reason in that format: `Wrong Number` and `WRONG-NUMBER` become `wrong_number`. Undefined if that is
 * impossible.
 */
export function reasonCode(text: string): string | undefined {
  const code = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return isReasonCode(code) ? code : undefined;
}

/** Why a lead can't be returned. */
export type ReturnRefusal = 'not_agreed' | 'too_late' | 'wrong_reason';

/**
 * Why the contract's terms do not allow the return of a lead that was bought at `soldAt`; undefined if they allow it.
 * @param soldAt UTC ms, as `now`
 */
export function returnRefusal(
  policy: ReturnPolicy | undefined,
  reason: string,
  soldAt: number,
  now: number,
): ReturnRefusal | undefined {
  if (policy === undefined) return 'not_agreed';
  if (now > soldAt + policy.within) return 'too_late';
  return policy.reasons?.includes(reason) === false ? 'wrong_reason' : undefined;
}
