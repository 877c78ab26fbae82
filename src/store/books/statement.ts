import type { Minor } from '../../market/money.js';
import type { Database } from '../db.js';
import type { BookingKind, EntryDocument, SaleDocument } from '../documents.js';

/** One booking, as a line of an account. */
export interface StatementLine {
  at: Date;
  kind: BookingKind;
  /** The sale's or the payment's id. */
  booking: string;
  lead?: string;
  campaign?: string;
  buyer?: string;
  seller?: string;
  /** Of a payment: its external reference. */
  ref?: string;
  amount: Minor;
  /** The account's balance in this currency after the booking. */
  balance: Minor;
}

/** The lines of an account in one currency, or a page of them. */
export interface CurrencyStatement {
  currency: string;
  /** Balance before the first of these lines. */
  opening: Minor;
  lines: StatementLine[];
  /** Balance after the last of these lines. */
  closing: Minor;
  /** The period has earlier lines. */
  isContinued?: true;
  /** The period has later lines. */
  continues?: true;
}

/** A period; `until` is exclusive. */
export interface Period {
  from: Date;
  until: Date;
}

/** The last booking of a page, by currency, time and id. */
export interface StatementCursor {
  currency: string;
  at: Date;
  id: string;
}

export interface StatementPage {
  currencies: CurrencyStatement[];
  /** The start of the next page; absent on the last page. */
  next?: StatementCursor;
}

/** The requested page: at most `limit` lines, after a cursor. */
export interface StatementPart {
  limit: number;
  after?: StatementCursor;
}

/**
 * One page of an account's bookings in a period: by currency, in the order of booking, with the balances before and
 * after. A currency that the account was ever booked in is listed even without lines.
 * @param account `buyer:ID`, `seller:CODE`, `house`, `bank`
 */
export async function statementPage(
  { ledger }: Database,
  account: string,
  period: Period,
  { limit, after }: StatementPart,
): Promise<StatementPage> {
  const openings = await balancesBefore({ ledger }, account, period);
  const asked = [...openings].filter(([currency]) => after === undefined || currency >= after.currency);
  const currencies: CurrencyStatement[] = [];
  let left = limit;
  for (const [currency, before] of asked) {
    // A currency without room on this page begins on the next one.
    if (left === 0) return { currencies, next: { currency, at: new Date(0), id: '' } };
    const mark = after?.currency === currency && after.at >= period.from ? after : undefined;
    const opening = mark ? before + (await sumUpTo({ ledger }, account, period, mark)) : before;
    const booked = await bookingsAfter({ ledger }, { account, currency }, period, {
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

/**
 * The account's balances before a period, for each currency that it was booked in by the end of the period, by currency
 * code.
 */
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

/** The sum of the period's bookings up to and including a cursor. */
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

/** Bookings in order of time, then of id. */
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
