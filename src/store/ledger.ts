import type { Minor } from '../market/money.js';
import type { Refund } from '../market/returns.js';
import { buyerAccount } from '../market/usage.js';
import type { Database } from './db.js';
import type { SaleDocument } from './sales.js';

/** What is booked: a sale, its return, money that a prepaid buyer pays in. */
export type BookingKind = 'sale' | 'return' | 'top_up';

/**
 * One side of a booking. The sides of a booking sum to zero: of a sale, the buyer owes (negative) what the seller and the
 * house earn.
 */
export interface EntryDocument {
  /** Booking and account: a booking made twice is the same entry. */
  _id: string;
  kind: BookingKind;
  /** The sale that it books or takes back, or the payment. */
  sale: string;
  /** `buyer:northwind`, `seller:ACME1234`, `house`, `bank`. */
  account: string;
  amount: Minor;
  currency: string;
  at: Date;
  /** Of a payment: what it is called where it came from. */
  ref?: string;
}

export const sellerAccount = (seller: string): string => `seller:${seller}`;
export const HOUSE = 'house';
export const BANK = 'bank';

export async function ledgerIndexes({ ledger }: Database): Promise<void> {
  await ledger.createIndex({ sale: 1 });
  await ledger.createIndex({ account: 1, at: 1 });
  // In the order of statements: a page is read without sorting what comes after it.
  await ledger.createIndex({ account: 1, currency: 1, at: 1, _id: 1 });
}

/** All sides of a sale. A test lead's sale moves no money. */
export function entriesOf(sale: SaleDocument): EntryDocument[] {
  if (sale.test) return [];
  const entry = (account: string, amount: Minor): EntryDocument => ({
    _id: `${sale._id}/${account}`,
    kind: 'sale',
    sale: sale._id,
    account,
    amount,
    currency: sale.currency,
    at: sale.at,
  });
  const house = sale.price - sale.earns;
  return [
    entry(buyerAccount(sale.buyer), -sale.price),
    entry(sellerAccount(sale.seller), sale.earns),
    ...(house === 0 ? [] : [entry(HOUSE, house)]),
  ];
}

/** All sides of a return: what the sale booked, the other way round, as far as it is given back. */
export function returnEntriesOf(
  sale: SaleDocument,
  { buyerGets, sellerPays, housePays }: Refund,
  at: Date,
): EntryDocument[] {
  if (sale.test) return [];
  const sides: [string, Minor][] = [
    [buyerAccount(sale.buyer), buyerGets],
    [sellerAccount(sale.seller), -sellerPays],
    [HOUSE, -housePays],
  ];
  return sides
    .filter(([, amount]) => amount !== 0)
    .map(([account, amount]) => ({
      _id: `${sale._id}/return/${account}`,
      kind: 'return',
      sale: sale._id,
      account,
      amount,
      currency: sale.currency,
      at,
    }));
}
