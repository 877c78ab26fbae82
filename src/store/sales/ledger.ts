import type { Minor } from '../../market/money.js';
import type { Refund } from '../../market/model/returnShares.js';
import { buyerAccount } from '../../market/limits/usage.js';
import type { EntryDocument, SaleDocument } from '../documents.js';

export const sellerAccount = (seller: string): string => `seller:${seller}`;
export const HOUSE = 'house';
export const BANK = 'bank';

/** All ledger entries of a sale. A test lead's sale moves no money. */
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

/** All ledger entries of a return: the entries of the sale reversed, up to the refund. */
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
