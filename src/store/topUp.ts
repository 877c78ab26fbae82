import type { Minor } from '../market/money.js';
import { accountId } from './capacity.js';
import type { Database } from './db.js';
import type { EntryDocument } from './ledger.js';

/** Money that a prepaid buyer pays in; less than zero where it takes some back. */
export interface TopUp {
  buyer: string;
  amount: Minor;
  currency: string;
}

/**
 * What a top-up writes, for the transaction that it is part of: both sides of the ledger, and what the buyer has left.
 * @param id names the payment: the same id is booked once
 */
export function topUpWrites({ db }: Database, { buyer, amount, currency }: TopUp, id: string) {
  const at = new Date();
  const side = (account: string, value: Minor): EntryDocument => ({
    _id: `${id}/${account}`,
    sale: id,
    account,
    amount: value,
    currency,
    at,
  });
  return [
    ...[side(accountId(buyer), amount), side('bank', -amount)].map((document) => ({
      name: 'insertOne' as const,
      namespace: `${db.databaseName}.ledger`,
      document,
    })),
    {
      name: 'updateOne' as const,
      namespace: `${db.databaseName}.usage`,
      filter: { _id: accountId(buyer) },
      update: { $inc: { balance: amount } },
      upsert: true,
    },
  ];
}
