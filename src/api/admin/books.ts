import Type from 'typebox';
import { toDecimal } from '../../market/money.js';
import { buyerAccount } from '../../market/usage.js';
import { checkBooks, type Difference } from '../../store/checkBooks.js';
import type { Database } from '../../store/db.js';
import { HOUSE, sellerAccount } from '../../store/ledger.js';
import { statementOf, type CurrencyStatement, type StatementLine } from '../../store/statement.js';
import { ApiError } from '../apiError.js';
import { BuyerName, dateOf, Day, Flag, SellerName } from './inputs.js';
import { buyerNamed, sellerNamed } from './named.js';
import { operation } from './operation.js';

const optional = Type.Optional;
const tag = 'Books';

const Booking = Type.Object({
  booked_at: Type.String(),
  kind: Type.Unsafe<StatementLine['kind']>(Type.Enum(['sale', 'return', 'top_up'], { type: 'string' })),
  booking_id: Type.String({ description: 'The sale’s or the payment’s' }),
  lead_id: optional(Type.String()),
  campaign: optional(Type.String()),
  buyer: optional(Type.String()),
  seller: optional(Type.String()),
  ref: optional(Type.String()),
  amount: Type.Number(),
  balance: Type.Number({ description: 'After the booking' }),
});

const Statement = Type.Object(
  {
    account: Type.String(),
    from: Type.String({ description: 'The first day' }),
    to: Type.String({ description: 'The last day' }),
    currencies: Type.Array(
      Type.Object({
        currency: Type.String(),
        opening_balance: Type.Number(),
        bookings: Type.Array(Booking),
        closing_balance: Type.Number(),
      }),
    ),
  },
  { $id: 'Statement', title: 'A statement' },
);
/** A statement for programs: amounts as decimals, times in ISO 8601. */
export type StatementView = Type.Static<typeof Statement>;

const DAY_MS = 86_400_000;

export const showStatement = operation({
  id: 'showStatement',
  summary: 'Sales, returns and top-ups of an account in a period, with the balance before and after',
  tag,
  method: 'GET',
  path: '/admin/statement',
  scope: 'books:read',
  input: Type.Object(
    {
      buyer: optional(BuyerName),
      seller: optional(SellerName),
      house: optional(Flag('What the house keeps')),
      from: optional(Day('The first day, UTC; else that of the last day’s month')),
      to: optional(Day('The last day, UTC; today unless given')),
    },
    { title: 'the request' },
  ),
  output: Statement,
  failures: ['notFound'],
  async run({ database }, { from: first, to: last, ...whose }) {
    const to = last === undefined ? new Date() : dateOf(last);
    const monthBegan = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1));
    const from = first === undefined ? monthBegan : dateOf(first);
    const until = new Date((Math.floor(to.getTime() / DAY_MS) + 1) * DAY_MS);
    if (from >= until)
      throw new ApiError('invalidField', 'The last day of the statement is before its first.');
    const account = await accountOf(database, whose);
    const currencies = await statementOf(database, account, { from, until });
    return statementView(account, from, to, currencies);
  },
});

interface Whose {
  buyer?: string;
  seller?: string;
  house?: boolean;
}

/** The one account that is asked for; buyers that have left the market keep theirs. */
async function accountOf(database: Database, { buyer, seller, house = false }: Whose): Promise<string> {
  const asked = [buyer, seller, house || undefined].filter((one) => one !== undefined);
  if (asked.length !== 1)
    throw new ApiError('invalidField', 'Name one account: a buyer’s, a seller’s or the house’s.');
  if (buyer !== undefined) return buyerAccount((await buyerNamed(database, buyer)).id);
  return seller === undefined ? HOUSE : sellerAccount((await sellerNamed(database, seller)).code);
}

const dayText = (at: Date): string => at.toISOString().slice(0, 10);

/** @param to the last day */
export const statementView = (
  account: string,
  from: Date,
  to: Date,
  currencies: CurrencyStatement[],
): StatementView => ({
  account,
  from: dayText(from),
  to: dayText(to),
  currencies: currencies.map(({ currency, opening, lines, closing }) => ({
    currency,
    opening_balance: toDecimal(opening, currency),
    bookings: lines.map((line) => bookingView(line, currency)),
    closing_balance: toDecimal(closing, currency),
  })),
});

const bookingView = (line: StatementLine, currency: string): Type.Static<typeof Booking> => ({
  booked_at: line.at.toISOString(),
  kind: line.kind,
  booking_id: line.booking,
  lead_id: line.lead,
  campaign: line.campaign,
  buyer: line.buyer,
  seller: line.seller,
  ref: line.ref,
  amount: toDecimal(line.amount, currency),
  balance: toDecimal(line.balance, currency),
});

const Count = Type.Integer({ minimum: 0 });

export const compareBooks = operation({
  id: 'checkBooks',
  summary: 'Compare sales, ledger, leads’ prices and prepaid balances; it reads all of them',
  tag,
  method: 'GET',
  path: '/admin/books/check',
  scope: 'books:read',
  input: Type.Object({}, { title: 'the request' }),
  output: Type.Object(
    {
      ok: Type.Boolean(),
      sales: Count,
      leads: Count,
      balances: Count,
      differences: Type.Array(
        Type.Object({
          what: Type.Unsafe<Difference['what']>(
            Type.Enum(['booking', 'sale', 'lead', 'balance'], { type: 'string' }),
          ),
          id: Type.String(),
          detail: Type.String({ description: 'Both sides in words' }),
        }),
      ),
    },
    { $id: 'BooksCheck', title: 'What was compared, and what differs' },
  ),
  async run({ database }) {
    const checked = await checkBooks(database);
    return { ok: checked.differences.length === 0, ...checked };
  },
});
