import type { Minor } from '../market/money.js';
import type { Database } from './db.js';
import type { BookingKind, EntryDocument } from './ledger.js';
import type { SaleDocument } from './sales.js';

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

/** What happened to an account in one currency. */
export interface CurrencyStatement {
  currency: string;
  opening: Minor;
  lines: StatementLine[];
  closing: Minor;
}

/** A span of time; `until` is the first moment after it. */
export interface Span {
  from: Date;
  until: Date;
}

type Booked = EntryDocument & { of: SaleDocument[] };

/**
 * An account's bookings of a period in the order in which they were made, with the balances before and after it, for each
 * currency that it was ever booked in.
 * @param account `buyer:ID`, `seller:CODE`, `house`, `bank`
 */
export async function statementOf(
  { ledger }: Database,
  account: string,
  { from, until }: Span,
): Promise<CurrencyStatement[]> {
  const [before, booked] = await Promise.all([
    ledger
      .aggregate<{ _id: string; sum: Minor }>([
        { $match: { account, at: { $lt: from } } },
        { $group: { _id: '$currency', sum: { $sum: '$amount' } } },
      ])
      .toArray(),
    ledger
      .aggregate<Booked>([
        { $match: { account, at: { $gte: from, $lt: until } } },
        { $lookup: { from: 'sales', localField: 'sale', foreignField: '_id', as: 'of' } },
        { $sort: { at: 1, _id: 1 } },
      ])
      .toArray(),
  ]);
  const openings = new Map(before.map(({ _id, sum }) => [_id, sum]));
  const currencies = [...new Set([...openings.keys(), ...booked.map(({ currency }) => currency)])].sort();
  return currencies.map((currency) => {
    const opening = openings.get(currency) ?? 0;
    const own = booked.filter((entry) => entry.currency === currency);
    const lines = linesOf(own, opening);
    return { currency, opening, lines, closing: lines.at(-1)?.balance ?? opening };
  });
}

function linesOf(booked: Booked[], opening: Minor): StatementLine[] {
  let balance = opening;
  return booked.map(({ at, kind, sale: booking, amount, ref, of: [sale] }) => {
    balance += amount;
    const { lead, campaign, buyer, seller } = sale ?? {};
    return { at, kind, booking, lead, campaign, buyer, seller, ref, amount, balance };
  });
}
