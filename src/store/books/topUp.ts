import { topUpId, topUpIdByKey } from '../../market/ids.js';
import { formatMoney, type Minor } from '../../market/money.js';
import type { Buyer } from '../../market/model/market.js';
import { auditWrites, changedValues, type Actor } from '../audit.js';
import type {
  AuditDocument,
  AuditEvent,
  EntryDocument,
  UsageDocument,
  MarketChangeDocument,
} from '../documents.js';
import { accountId, isIn } from '../sales/capacity.js';
import type { Database } from '../db.js';
import { duplicateKeyOf, writeInTransaction } from '../transaction.js';
import { rearmLowBalanceNotice } from './lowBalance.js';
import { BANK } from '../sales/ledger.js';
import { marketChangeWrites } from '../marketChanges.js';

/** A payment of a prepaid buyer; negative if it takes money back. */
export interface TopUp {
  buyer: string;
  amount: Minor;
  currency: string;
  /** The payment's external reference. */
  ref?: string;
}

/** A payment with its idempotency key: its reference, or the key of the request. */
export type Payment = TopUp & ({ ref: string } | { ref?: undefined; key: string });

/** The booked payment, and whether this call booked it. `amount` and `currency` are the booked ones. */
export interface ToppedUp {
  id: string;
  isNew: boolean;
  amount: Minor;
  currency: string;
  /** The buyer's balance. */
  balance: Minor;
}

/** The balance is in another currency than the payment; nothing was booked. */
export class OtherCurrency extends Error {
  override name = 'OtherCurrency';
}

/**
 * Books a payment of a prepaid buyer in one transaction, and wakes the waiting leads of its campaigns, which it may be
 * able to pay for now. Idempotent.
 * @param by the actor, for the audit log
 * @throws OtherCurrency
 */
export async function bookTopUp(database: Database, topUp: Payment, by?: Actor): Promise<ToppedUp> {
  const { client, ledger, usage, buyers } = database;
  const { buyer, amount: paid } = topUp;
  const lowBalance = (await buyers.findOne({ _id: buyer }))?.lowBalance;
  const mightBuy = paid > 0 ? await contractsOf(database, buyer) : [];
  const id = topUp.ref === undefined ? topUpIdByKey(buyer, topUp.key) : topUpId(buyer, topUp.ref);
  const writes = [
    ...topUpWrites(database, { ...topUp, lowBalance }, id),
    ...marketChangeWrites(database, mightBuy),
    ...(by ? auditWrites(database, by, [paidIn(topUp)]) : []),
  ];
  const isNew = await writeInTransaction<
    EntryDocument | UsageDocument | MarketChangeDocument | AuditDocument
  >(client, writes).then(
    () => true,
    (error: unknown) => {
      if (duplicateKeyOf(error) === undefined) throw error;
      return false;
    },
  );
  const [entry, account] = await Promise.all([
    ledger.findOne({ _id: `${id}/${accountId(buyer)}` }),
    usage.findOne({ _id: accountId(buyer) }),
  ]);
  if (entry === null) throw new OtherCurrency();
  const { amount, currency } = entry;
  return { id, isNew, amount, currency, balance: account?.balance ?? 0 };
}

async function contractsOf(
  { contracts }: Database,
  buyer: string,
): Promise<{ id: string; campaign: string }[]> {
  const found = await contracts.find({ buyer }, { projection: { campaign: 1 } }).toArray();
  return found.map(({ _id: id, campaign }) => ({ id, campaign }));
}

const paidIn = ({ buyer, amount, currency, ref }: TopUp): AuditEvent => ({
  kind: 'buyer',
  id: buyer,
  did: 'paid in',
  values: changedValues({}, { amount: formatMoney(amount, currency), ref }),
});

/**
 * The writes of a payment, for the transaction that it is part of: both ledger entries and the buyer's balance.
 * @param id of the payment; the same id is booked once
 */
export function topUpWrites(
  database: Database,
  { buyer, amount, currency, ref, lowBalance }: TopUp & Pick<Buyer, 'lowBalance'>,
  id: string,
) {
  const { db } = database;
  const at = new Date();
  const side = (account: string, value: Minor): EntryDocument => ({
    _id: `${id}/${account}`,
    kind: 'top_up',
    sale: id,
    account,
    amount: value,
    currency,
    at,
    ref,
  });
  return [
    ...[side(accountId(buyer), amount), side(BANK, -amount)].map((document) => ({
      name: 'insertOne' as const,
      namespace: `${db.databaseName}.ledger`,
      document,
    })),
    {
      name: 'updateOne' as const,
      namespace: `${db.databaseName}.usage`,
      // If the account is in another currency, the upsert fails with a duplicate _id, and nothing is booked.
      filter: { _id: accountId(buyer), currency: isIn(currency) },
      update: { $inc: { balance: amount }, $set: { currency } },
      upsert: true,
    },
    ...(lowBalance === undefined ? [] : [rearmLowBalanceNotice(database, buyer, lowBalance)]),
  ];
}
