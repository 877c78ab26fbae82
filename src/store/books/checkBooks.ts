import type { ClientSession } from 'mongodb';
import { formatMoney, type Minor } from '../../market/money.js';
import type { Database } from '../db.js';
import { IN_VALUES } from '../localDatabase.js';
import { accountId } from '../sales/capacity.js';
import { entriesOf } from '../sales/ledger.js';
import { inTransaction } from '../transaction.js';
import type { EntryDocument, SaleDocument, StoredLead } from '../documents.js';

/** Two parts of the books that disagree. */
export interface BooksDifference {
  what: 'booking' | 'sale' | 'lead' | 'balance';
  /** Of the booking, the sale or the lead; of a balance, the account. */
  id: string;
  /** Both values, in words. */
  detail: string;
}

export interface BooksCheck {
  sales: number;
  leads: number;
  balances: number;
  differing: number;
  /** The first of them, up to MOST_KEPT. */
  differences: BooksDifference[];
}

/** The progress of a check: its stage and the last checked id. */
export interface CheckCursor {
  stage: (typeof STAGES)[number];
  after: string;
}

/** In the order of the check. */
export const STAGES = ['bookings', 'leads', 'balances'] as const;

/** The number of differences that are listed; more of them have one cause. */
const MOST_KEPT = 1000;

/**
 * Compares all data of the books that is stored twice: the entries of each booking sum to zero, each sale is in the
 * ledger as it was made, each lead's price is what its seller was booked for it, and each prepaid buyer has left what
 * it paid in minus what it bought. Each lead and each balance is read in one transaction, so concurrent sales are no
 * differences. Memory is limited to a batch, whatever the size of the books.
 * @param from where to continue
 * @param most stops after this number of bookings, leads and balances; absent: at the end
 */
export async function checkBooks(
  database: Database,
  { from, most = Infinity }: { from?: CheckCursor; most?: number } = {},
): Promise<BooksCheck & { next?: CheckCursor }> {
  const check: BooksCheck = { sales: 0, leads: 0, balances: 0, differing: 0, differences: [] };
  let seen = 0;
  for await (const { place, differences, ...counted } of batches(database, from)) {
    check.sales += counted.sales ?? 0;
    check.leads += counted.leads ?? 0;
    check.balances += counted.balances ?? 0;
    check.differing += differences.length;
    check.differences.push(...differences.slice(0, MOST_KEPT - check.differences.length));
    seen += counted.size;
    if (seen >= most) return { ...check, next: place };
  }
  return check;
}

interface Batch {
  place: CheckCursor;
  size: number;
  sales?: number;
  leads?: number;
  balances?: number;
  differences: BooksDifference[];
}

async function* batches(
  database: Database,
  from: CheckCursor = { stage: 'bookings', after: '' },
): AsyncGenerator<Batch> {
  for (const stage of STAGES.slice(STAGES.indexOf(from.stage)))
    yield* COMPARE[stage](database, stage === from.stage ? from.after : '');
}

const COMPARE: Record<CheckCursor['stage'], (database: Database, after: string) => AsyncGenerator<Batch>> = {
  bookings: compareBookings,
  leads: compareLeads,
  balances: compareBalances,
};

async function* compareBookings(database: Database, after: string): AsyncGenerator<Batch> {
  for await (const bookings of inBatches(bookingsOf(database, after))) {
    const suspects = bookings.filter((sides) => differencesIn(sides).length > 0);
    const differences = await confirmed(
      database,
      suspects.flatMap(([side]) => side?.sale ?? []),
    );
    const last = bookings.at(-1)?.[0]?.sale ?? '';
    yield { place: { stage: 'bookings', after: last }, size: bookings.length, differences };
  }
}

async function* compareLeads(database: Database, after: string): AsyncGenerator<Batch> {
  for await (const ids of inBatches(soldLeads(database, after))) {
    const { sales, differences } = await inTransaction(database.client, (session) =>
      checkLeads(database, ids, session),
    );
    const place: CheckCursor = { stage: 'leads', after: ids.at(-1) ?? '' };
    yield { place, size: ids.length, leads: ids.length, sales, differences };
  }
}

async function* compareBalances(database: Database, after: string): AsyncGenerator<Batch> {
  const prepaid = database.buyers.find({ _id: { $gt: after }, balance: { $exists: true } }).sort({ _id: 1 });
  for await (const { _id, currency = 'USD' } of prepaid) {
    const differences = await inTransaction(database.client, (session) =>
      checkBalance(database, _id, currency, session),
    );
    yield { place: { stage: 'balances', after: _id }, size: 1, balances: 1, differences };
  }
}

async function* inBatches<T>(all: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const one of all) {
    batch.push(one);
    if (batch.length < IN_VALUES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type Side = Pick<EntryDocument, 'sale' | 'kind' | 'currency' | 'amount'>;

/** The entries of each sale or payment, and of its return. */
async function* bookingsOf({ ledger }: Database, after: string): AsyncGenerator<Side[]> {
  const sides = ledger
    .find({ sale: { $gt: after } }, { projection: { sale: 1, kind: 1, currency: 1, amount: 1 } })
    .sort({ sale: 1 });
  let booking: Side[] = [];
  for await (const side of sides) {
    if (booking.length > 0 && booking[0]?.sale !== side.sale) {
      yield booking;
      booking = [];
    }
    booking.push(side);
  }
  if (booking.length > 0) yield booking;
}

/** The differences of one booking, whose entries should sum to zero. */
function differencesIn(sides: readonly Side[]): BooksDifference[] {
  const sums = new Map<string, { side: Side; sum: Minor }>();
  for (const side of sides) {
    const key = `${side.kind} ${side.currency}`;
    sums.set(key, { side, sum: (sums.get(key)?.sum ?? 0) + side.amount });
  }
  return [...sums.values()]
    .filter(({ sum }) => sum !== 0)
    .map(({ side: { sale, kind, currency }, sum }) => ({
      what: 'booking',
      id: sale,
      detail: `the sides of this ${kind} sum to ${formatMoney(sum, currency)} and not to zero`,
    }));
}

/** Reads suspect bookings again, in one transaction: they may have been booked during the check. */
async function confirmed(database: Database, ids: string[]): Promise<BooksDifference[]> {
  if (ids.length === 0) return [];
  const sides = await inTransaction(database.client, (session) =>
    database.ledger.find({ sale: { $in: ids } }, { session }).toArray(),
  );
  const bySale = groupBy(sides, ({ sale }) => sale);
  return ids.flatMap((id) => differencesIn(bySale.get(id) ?? []));
}

/** Ids of all leads with a sale or a price, in order, each once. */
async function* soldLeads({ sales, leads }: Database, after: string): AsyncGenerator<string> {
  const sold = sales
    .find({ lead: { $gt: after } }, { projection: { lead: 1 }, sort: { lead: 1 } })
    .map(({ lead }) => lead);
  const priced = leads
    .find({ _id: { $gt: after }, price: { $exists: true } }, { projection: { _id: 1 }, sort: { _id: 1 } })
    .map(({ _id }) => _id);
  let [one, other] = [await sold.next(), await priced.next()];
  while (one !== null || other !== null) {
    const id = one === null || (other !== null && other < one) ? (other ?? '') : one;
    while (one === id) one = await sold.next();
    while (other === id) other = await priced.next();
    yield id;
  }
}

async function checkLeads(
  { sales, returns, ledger, leads }: Database,
  ids: string[],
  session: ClientSession,
): Promise<{ sales: number; differences: BooksDifference[] }> {
  // Sequential: a session runs one operation at a time.
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

function checkSale(sale: SaleDocument, booked: EntryDocument[]): BooksDifference[] {
  const described = (entries: EntryDocument[]): string =>
    entries
      .map(({ account, amount, currency }) => `${account} ${formatMoney(amount, currency)}`)
      .sort()
      .join(', ') || 'nothing';
  const [expected, found] = [
    described(entriesOf(sale)),
    described(booked.filter(({ kind }) => kind === 'sale')),
  ];
  if (expected === found) return [];
  return [{ what: 'sale', id: sale._id, detail: `should be booked as ${expected}; the ledger has ${found}` }];
}

/** A lead's price is what its seller earned minus what was taken back. Test leads are not in the ledger. */
function checkLead(
  id: string,
  lead: Pick<StoredLead, 'price' | 'currency'> | undefined,
  sales: SaleDocument[],
  {
    entries,
    takenBack,
  }: { entries: ReadonlyMap<string, EntryDocument[]>; takenBack: ReadonlyMap<string, Minor> },
): BooksDifference[] {
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
 * Compares what a prepaid buyer has left, plus its reservations in progress, with the ledger since it first paid in:
 * earlier purchases were on account. A booked sale may still be reserved for a moment.
 */
async function checkBalance(
  { usage, ledger, sales }: Database,
  buyer: string,
  currency: string,
  session: ClientSession,
): Promise<BooksDifference[]> {
  const account = accountId(buyer);
  const used = await usage.findOne({ _id: account }, { session });
  const reserved = Object.entries(used?.reserved ?? {});
  const booked = await sales.find({ _id: { $in: reserved.map(([sale]) => sale) } }, { session }).toArray();
  const isBooked = new Set(booked.map(({ _id }) => _id));
  const underWay = reserved.reduce((sum, [sale, { price = 0 }]) => sum + (isBooked.has(sale) ? 0 : price), 0);
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
  return [{ what: 'balance', id: account, detail: `left and reserved are ${has}; the ledger says ${says}` }];
}
