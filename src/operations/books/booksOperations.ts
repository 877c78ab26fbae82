import Type from 'typebox';
import Value from 'typebox/value';
import { toDecimal } from '../../market/money.js';
import { buyerAccount } from '../../market/limits/usage.js';
import { checkBooks, STAGES, type BooksDifference, type CheckCursor } from '../../store/books/checkBooks.js';
import type { Database } from '../../store/db.js';
import { HOUSE, sellerAccount } from '../../store/books/ledger.js';
import {
  statementPage,
  type StatementCursor,
  type StatementLine,
  type StatementPage,
} from '../../store/books/statement.js';
import { ApiError } from '../refusal.js';
import { BuyerName, dateOf, Day, Flag, MAX_PAGE_SIZE, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

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
        opening_balance: Type.Number({ description: 'Before the first of these bookings' }),
        bookings: Type.Array(Booking),
        closing_balance: Type.Number({ description: 'After the last of these bookings' }),
        continued: optional(Type.Literal(true, { description: 'The page before has its first bookings' })),
        continues: optional(Type.Literal(true, { description: 'The next page has more of its bookings' })),
      }),
    ),
    next: optional(
      Type.String({ description: 'Asked for as `after`, gives the next page; absent: the last' }),
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
      limit: optional(
        Type.Integer({
          title: `a whole number from 1 to ${MAX_PAGE_SIZE}`,
          examples: [1000],
          minimum: 1,
          maximum: MAX_PAGE_SIZE,
          description: 'So many bookings at the most; 1000 unless given',
        }),
      ),
      after: optional(
        Type.String({ title: 'a `next`', maxLength: 400, description: 'The `next` of the page before' }),
      ),
    },
    { title: 'the request' },
  ),
  output: Statement,
  failures: ['notFound'],
  async run({ database }, { from: first, to: last, limit = 1000, after, ...whose }) {
    const to = last === undefined ? new Date() : dateOf(last);
    const monthBegan = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1));
    const from = first === undefined ? monthBegan : dateOf(first);
    const until = new Date((Math.floor(to.getTime() / DAY_MS) + 1) * DAY_MS);
    if (from >= until)
      throw new ApiError('invalidField', 'The last day of the statement is before its first.');
    const account = await accountOf(database, whose);
    const mark = after === undefined ? undefined : readMark(after);
    const page = await statementPage(database, account, { from, until }, { limit, after: mark });
    return statementView(account, { from, to }, page);
  },
});

/** A mark as one word that names it. */
const markText = ({ currency, at, id }: StatementCursor): string =>
  Buffer.from(JSON.stringify([currency, at.getTime(), id])).toString('base64url');

const MarkParts = Type.Tuple([Type.String(), Type.Integer(), Type.String()]);

function readMark(text: string): StatementCursor {
  try {
    const [currency, at, id] = Value.Parse(MarkParts, JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { currency, at: new Date(at), id };
  } catch {
    throw new ApiError('invalidField', 'after is not the `next` of a page of this statement.');
  }
}

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
  if (buyer !== undefined) return buyerAccount((await findBuyerByName(database, buyer)).id);
  return seller === undefined ? HOUSE : sellerAccount((await findSellerByName(database, seller)).code);
}

const dayText = (at: Date): string => at.toISOString().slice(0, 10);

/** @param period its first and its last day */
export const statementView = (
  account: string,
  period: { from: Date; to: Date },
  { currencies, next }: StatementPage,
): StatementView => ({
  account,
  from: dayText(period.from),
  to: dayText(period.to),
  currencies: currencies.map(({ currency, opening, lines, closing, isContinued, continues }) => ({
    currency,
    opening_balance: toDecimal(opening, currency),
    bookings: lines.map((line) => bookingView(line, currency)),
    closing_balance: toDecimal(closing, currency),
    continued: isContinued,
    continues,
  })),
  next: next && markText(next),
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

export const checkBooksOperation = operation({
  id: 'checkBooks',
  summary: 'Compare sales, ledger, leads’ prices and prepaid balances, part by part until there is no `next`',
  tag,
  method: 'GET',
  path: '/admin/books/check',
  scope: 'books:read',
  input: Type.Object(
    {
      after: optional(
        Type.String({ title: 'a `next`', maxLength: 400, description: 'The `next` of the part before' }),
      ),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    {
      ok: Type.Boolean({ description: 'Whether nothing differs, of what was compared' }),
      sales: Count,
      leads: Count,
      balances: Count,
      differences: Type.Array(
        Type.Object({
          what: Type.Unsafe<BooksDifference['what']>(
            Type.Enum(['booking', 'sale', 'lead', 'balance'], { type: 'string' }),
          ),
          id: Type.String(),
          detail: Type.String({ description: 'Both sides in words' }),
        }),
        { description: 'The first thousand' },
      ),
      differing: Type.Integer({ minimum: 0, description: 'How many there are' }),
      next: optional(
        Type.String({ description: 'Asked for as `after`, compares the next part; absent: all is compared' }),
      ),
    },
    { $id: 'BooksCheck', title: 'What was compared, and what differs' },
  ),
  async run({ database, isShared }, { after }) {
    const from = after === undefined ? undefined : readPlace(after);
    const { next, ...checked } = await checkBooks(database, {
      from,
      most: isShared ? MOST_COMPARED : Infinity,
    });
    return { ok: checked.differing === 0, ...checked, next: next && `${next.stage}:${next.after}` };
  },
});

/** Bookings, leads and balances by one request: some seconds of work. */
const MOST_COMPARED = 10_000;

function readPlace(text: string): CheckCursor {
  const [, name, after = ''] = /^(\w+):(.*)$/s.exec(text) ?? [];
  const stage = STAGES.find((one) => one === name);
  if (stage === undefined)
    throw new ApiError('invalidField', 'after is not the `next` of a part of this check.');
  return { stage, after };
}
