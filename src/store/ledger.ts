import type { Minor } from '../market/money.js';
import type { Database } from './db.js';
import type { SaleDocument } from './sales.js';

/** One side of a booking. The sides of a sale sum to zero: the buyer owes (negative) what the seller and the house earn. */
export interface EntryDocument {
  /** Sale and account: a booking made twice is the same entry. */
  _id: string;
  sale: string;
  /** `buyer:northwind`, `seller:ACME1234`, `house`. */
  account: string;
  amount: Minor;
  currency: string;
  at: Date;
}

export async function ledgerIndexes({ ledger }: Database): Promise<void> {
  await ledger.createIndex({ sale: 1 });
  await ledger.createIndex({ account: 1, at: 1 });
}

/** All sides of a sale. A test lead's sale moves no money. */
export function entriesOf(sale: SaleDocument): EntryDocument[] {
  if (sale.test) return [];
  const entry = (account: string, amount: Minor): EntryDocument => ({
    _id: `${sale._id}/${account}`,
    sale: sale._id,
    account,
    amount,
    currency: sale.currency,
    at: sale.at,
  });
  const house = sale.price - sale.earns;
  return [
    entry(`buyer:${sale.buyer}`, -sale.price),
    entry(`seller:${sale.seller}`, sale.earns),
    ...(house === 0 ? [] : [entry('house', house)]),
  ];
}
