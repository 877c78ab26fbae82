import type { ClientSession } from 'mongodb';
import { formatMoney, type Minor } from '../market/money.js';
import type { Database } from './db.js';
import { accountId } from './capacity.js';
import { entriesOf, type EntryDocument } from './ledger.js';
import type { StoredLead } from './person.js';
import type { SaleDocument } from './sales.js';

/** Two places of the books that should agree and do not. */
export interface Difference {
  what: 'booking' | 'sale' | 'lead' | 'balance';
  /** Of the booking, the sale or the lead; of a balance, the account. */
  id: string;
  /** Both sides in words. */
  detail: string;
}

export interface BooksCheck {
  /** How many of each were looked at. */
  sales: number;
  leads: number;
  balances: number;
  differences: Difference[];
}

/** So few because SecantusDB holds each document that it finds by an `$in` against all of its values again. */
const BATCH = 100;

/**
 * Compares everything in the books that is kept in two places: the sides of each booking sum to zero, each sale is in the
 * ledger as it was made, each lead's price is what its seller was booked for it, and each prepaid buyer has left what it
 * paid in less what it bought. Each part is read in one transaction, so leads that are sold meanwhile are no differences.
 */
export async function checkBooks(database: Database): Promise<BooksCheck> {
  const check: BooksCheck = { sales: 0, leads: 0, balances: 0, differences: await unbalanced(database) };
  for await (const ids of leadsInBatches(database)) {
    const { sales, differences } = await together(database, (session) => checkLeads(database, ids, session));
    check.sales += sales;
    check.leads += ids.length;
    check.differences.push(...differences);
  }
  const prepaid = await database.buyers.find({ balance: { $exists: true } }).toArray();
  for (const { _id, currency = 'USD' } of prepaid) {
    const wrong = await together(database, (session) => checkBalance(database, _id, currency, session));
    check.balances += 1;
    check.differences.push(...wrong);
  }
  return check;
}

const together = <T>({ client }: Database, read: (session: ClientSession) => Promise<T>): Promise<T> =>
  client.withSession((session) => session.withTransaction(() => read(session)));

/** Bookings whose sides do not sum to zero. */
async function unbalanced({ ledger }: Database): Promise<Difference[]> {
  const found = await ledger
    .aggregate<{ _id: { sale: string; kind: string; currency: string }; sum: Minor }>([
      {
        $group: {
          _id: { sale: '$sale', kind: '$kind', currency: '$currency' },
          sum: { $sum: '$amount' },
        },
      },
      { $match: { sum: { $ne: 0 } } },
    ])
    .toArray();
  return found.map(({ _id: { sale, kind, currency }, sum }) => ({
    what: 'booking',
    id: sale,
    detail: `the sides of this ${kind} sum to ${formatMoney(sum, currency)} and not to zero`,
  }));
}

/** Ids of all leads that have a sale or a price. */
async function* leadsInBatches({ sales, leads }: Database): AsyncGenerator<string[]> {
  let batch = new Set<string>();
  const ids = [
    sales.find({}, { projection: { lead: 1 }, sort: { lead: 1 } }).map(({ lead }) => lead),
    leads
      .find({ price: { $exists: true } }, { projection: { _id: 1 }, sort: { _id: 1 } })
      .map(({ _id }) => _id),
  ];
  const seen = new Set<string>();
  for (const cursor of ids) {
    for await (const id of cursor) {
      if (seen.has(id)) continue;
      seen.add(id);
      batch.add(id);
      if (batch.size < BATCH) continue;
      yield [...batch];
      batch = new Set();
    }
  }
  if (batch.size > 0) yield [...batch];
}

async function checkLeads(
  { sales, returns, ledger, leads }: Database,
  ids: string[],
  session: ClientSession,
): Promise<{ sales: number; differences: Difference[] }> {
  // One after another: a session runs one operation at a time.
  const sold = await sales.find({ lead: { $in: ids } }, { session }).toArray();
  const saleIds = sold.map(({ _id }) => _id);
  const booked = await ledger.find({ sale: { $in: saleIds } }, { session }).toArray();
  const returned = await returns.find({ _id: { $in: saleIds } }, { session }).toArray();
  const takenBack = new Map(returned.map(({ _id, sellerPays }) => [_id, sellerPays]));
  const prices = await leads
    .find({ _id: { $in: ids } }, { session, projection: { price: 1, currency: 1 } })
    .toArray();
  const leadOf = new Map(prices.map((lead) => [lead._id, lead]));
  const salesOf = groupBy(sold, ({ lead }) => lead);
  const entriesOfSale = groupBy(booked, ({ sale }) => sale);
  const differences = [
    ...sold.flatMap((sale) => checkSale(sale, entriesOfSale.get(sale._id) ?? [])),
    ...ids.flatMap((id) =>
      checkLead(id, leadOf.get(id), salesOf.get(id) ?? [], { entries: entriesOfSale, takenBack }),
    ),
  ];
  return { sales: sold.length, differences };
}

function groupBy<T>(all: T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

function checkSale(sale: SaleDocument, booked: EntryDocument[]): Difference[] {
  const told = (entries: EntryDocument[]): string =>
    entries
      .map(({ account, amount, currency }) => `${account} ${formatMoney(amount, currency)}`)
      .sort()
      .join(', ') || 'nothing';
  const [expected, found] = [told(entriesOf(sale)), told(booked.filter(({ kind }) => kind === 'sale'))];
  if (expected === found) return [];
  return [{ what: 'sale', id: sale._id, detail: `should be booked as ${expected}; the ledger has ${found}` }];
}

/** A lead's price is what its seller earned of it, less what was taken back; test leads are in no ledger. */
function checkLead(
  id: string,
  lead: Pick<StoredLead, 'price' | 'currency'> | undefined,
  sales: SaleDocument[],
  {
    entries,
    takenBack,
  }: { entries: ReadonlyMap<string, EntryDocument[]>; takenBack: ReadonlyMap<string, Minor> },
): Difference[] {
  if (lead === undefined) return [{ what: 'lead', id, detail: 'has sales, and is not in the store' }];
  const { price = 0, currency } = lead;
  const other = sales.find((sale) => sale.currency !== currency);
  if (other) return [{ what: 'lead', id, detail: `is in ${currency} and has a sale in ${other.currency}` }];
  const earned = sales.reduce((sum, { _id, earns, test, seller }) => {
    const booked = (entries.get(_id) ?? []).filter(({ account }) => account === `seller:${seller}`);
    return (
      sum +
      (test ? earns - (takenBack.get(_id) ?? 0) : booked.reduce((total, { amount }) => total + amount, 0))
    );
  }, 0);
  if (earned === price) return [];
  const [says, sum] = [formatMoney(price, currency), formatMoney(earned, currency)];
  return [{ what: 'lead', id, detail: `its price is ${says}; its seller was booked ${sum} for it` }];
}

/**
 * What a prepaid buyer has left and what is held for its posts under way, against the ledger since it first paid in: what
 * it bought before that was on account. A sale that is booked may still be held for a moment.
 */
async function checkBalance(
  { usage, ledger, sales }: Database,
  buyer: string,
  currency: string,
  session: ClientSession,
): Promise<Difference[]> {
  const account = accountId(buyer);
  const used = await usage.findOne({ _id: account }, { session });
  const held = Object.entries(used?.held ?? {});
  const booked = await sales.find({ _id: { $in: held.map(([sale]) => sale) } }, { session }).toArray();
  const isBooked = new Set(booked.map(({ _id }) => _id));
  const underWay = held.reduce((sum, [sale, { price = 0 }]) => sum + (isBooked.has(sale) ? 0 : price), 0);
  const first = await ledger.findOne({ account, kind: 'top_up', currency }, { session, sort: { at: 1 } });
  const [total] =
    first === null
      ? []
      : await ledger
          .aggregate<{ sum: Minor }>(
            [
              { $match: { account, currency, at: { $gte: first.at } } },
              { $group: { _id: null, sum: { $sum: '$amount' } } },
            ],
            { session },
          )
          .toArray();
  const derived = total?.sum ?? 0;
  const kept = (used?.balance ?? 0) + underWay;
  if (kept === derived) return [];
  const [has, says] = [formatMoney(kept, currency), formatMoney(derived, currency)];
  return [{ what: 'balance', id: account, detail: `left and held are ${has}; the ledger says ${says}` }];
}
