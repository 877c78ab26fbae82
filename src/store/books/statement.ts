import type { Minor } from '../../market/money.js';
import type { Database } from '../db.js';
import type { BookingKind, EntryDocument, SaleDocument } from '../documents.js';

/** One booking as one account sees it. */
export interface StatementLine {
  at: Date;
  kind: BookingKind;
  /** The sale's or the payment's id. */
  booking: string;
  lead?: string;
  campaign?: string;
  buyer?: string;
  seller?: string;
  /** Of a payment: what it is called where it came from. */
  ref?: string;
  amount: Minor;
  /** Of the account in this currency, after the booking. */
  balance: Minor;
}

/** What happened to an account in one currency, or a part of it. */
export interface CurrencyStatement {
  currency: string;
  /** Before the first of these lines. */
  opening: Minor;
  lines: StatementLine[];
  /** After the last of these lines. */
  closing: Minor;
  /** There were lines before these in the period. */
  isContinued?: true;
  /** There are lines after these in the period. */
  continues?: true;
}

/** A span of time; `until` is the first moment after it. */
export interface Period {
  from: Date;
  until: Date;
}

/** Where a page ends: at a booking, by its time and id, of a currency. */
export interface StatementCursor {
  currency: string;
  at: Date;
  id: string;
}

export interface StatementPage {
  currencies: CurrencyStatement[];
  /** Where the next page begins; absent: this was the last. */
  next?: StatementCursor;
}

/** Which part of a statement: so many lines, those after a mark. */
export interface StatementPart {
  limit: number;
  after?: StatementCursor;
}

/**
 * An account's bookings of a period, currency by currency, in the order in which they were made, with the balances before
 * and after them: no more lines than the limit, however many there are. A currency that it was ever booked in is there even
 * if it has no line.
 * @param account `buyer:ID`, `seller:CODE`, `house`, `bank`
 */
export async function statementPage(
  { ledger }: Database,
  account: string,
  span: Period,
  { limit, after }: StatementPart,
): Promise<StatementPage> {
  const openings = await balancesBefore({ ledger }, account, span);
  const asked = [...openings].filter(([currency]) => after === undefined || currency >= after.currency);
  const currencies: CurrencyStatement[] = [];
  let left = limit;
  for (const [currency, before] of asked) {
    // A currency for which no line is left begins on the next page.
    if (left === 0) return { currencies, next: { currency, at: new Date(0), id: '' } };
    const mark = after?.currency === currency && after.at >= span.from ? after : undefined;
    const opening = mark ? before + (await sumUpTo({ ledger }, account, span, mark)) : before;
    const booked = await bookingsAfter({ ledger }, { account, currency }, span, {
      limit: left + 1,
      after: mark,
    });
    const lines = linesOf(booked.slice(0, left), opening);
    const closing = lines.at(-1)?.balance ?? opening;
    const part = { currency, opening, lines, closing, isContinued: mark && (true as const) };
    const last = booked[left - 1];
    if (booked.length > left && last) {
      const next = { currency, at: last.at, id: last._id };
      return { currencies: [...currencies, { ...part, continues: true }], next };
    }
    currencies.push(part);
    left -= lines.length;
  }
  return { currencies };
}

type Ledger = Pick<Database, 'ledger'>;

/** What the account has before a period, for each currency that it was booked in by its end, in the order of their codes. */
async function balancesBefore(
  { ledger }: Ledger,
  account: string,
  { from, until }: Period,
): Promise<Map<string, Minor>> {
  const [sums, booked] = await Promise.all([
    sumsByCurrency({ ledger }, { account, at: { $lt: from } }),
    ledger.distinct('currency', { account, at: { $gte: from, $lt: until } }),
  ]);
  const currencies = [...new Set([...sums.keys(), ...booked])].sort();
  return new Map(currencies.map((currency) => [currency, sums.get(currency) ?? 0]));
}

/** What was booked in the period up to a mark, which is counted too. */
async function sumUpTo(
  { ledger }: Ledger,
  account: string,
  { from }: Period,
  mark: StatementCursor,
): Promise<Minor> {
  const { currency, at, id } = mark;
  const [before, atOnce] = await Promise.all([
    sumsByCurrency({ ledger }, { account, currency, at: { $gte: from, $lt: at } }),
    sumsByCurrency({ ledger }, { account, currency, at, _id: { $lte: id } }),
  ]);
  return (before.get(currency) ?? 0) + (atOnce.get(currency) ?? 0);
}

async function sumsByCurrency({ ledger }: Ledger, which: object): Promise<Map<string, Minor>> {
  const sums = await ledger
    .aggregate<{ _id: string; sum: Minor }>([
      { $match: which },
      { $group: { _id: '$currency', sum: { $sum: '$amount' } } },
    ])
    .toArray();
  return new Map(sums.map(({ _id, sum }) => [_id, sum]));
}

type Booked = EntryDocument & { of: SaleDocument[] };

/** Bookings in the order in which they were made; of those at the same moment, in that of their ids. */
async function bookingsAfter(
  { ledger }: Ledger,
  which: { account: string; currency: string },
  { from, until }: Period,
  { limit, after }: StatementPart,
): Promise<Booked[]> {
  const find = (filter: object, most: number): Promise<Booked[]> =>
    ledger
      .aggregate<Booked>([
        { $match: { ...which, ...filter } },
        { $sort: { at: 1, _id: 1 } },
        { $limit: most },
        { $lookup: { from: 'sales', localField: 'sale', foreignField: '_id', as: 'of' } },
      ])
      .toArray();
  if (after === undefined) return find({ at: { $gte: from, $lt: until } }, limit);
  const atOnce = await find({ at: after.at, _id: { $gt: after.id } }, limit);
  if (atOnce.length >= limit) return atOnce;
  return [...atOnce, ...(await find({ at: { $gt: after.at, $lt: until } }, limit - atOnce.length))];
}

function linesOf(booked: Booked[], opening: Minor): StatementLine[] {
  let balance = opening;
  return booked.map(({ at, kind, sale: booking, amount, ref, of: [sale] }) => {
    balance += amount;
    const { lead, campaign, buyer, seller } = sale ?? {};
    return { at, kind, booking, lead, campaign, buyer, seller, ref, amount, balance };
  });
}
