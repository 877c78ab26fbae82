import Type from 'typebox';
import Value from 'typebox/value';
import { toDecimal } from '../../market/money.js';
import { buyerAccount } from '../../market/limits/usage.js';
import { checkBooks, STAGES, type BooksDifference, type CheckCursor } from '../../store/books/checkBooks.js';
import type { Database } from '../../store/db.js';
import { HOUSE, sellerAccount } from '../../store/sales/ledger.js';
import {
  statementPage,
  type StatementCursor,
  type StatementLine,
  type StatementPage,
} from '../../store/books/statement.js';
import { invalidField } from '../operationError.js';
import { BuyerName, dateOf, Day, Flag, PageSize, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const tag = 'Books';

const Booking = Type.Object({
  booked_at: Type.String(),
  kind: Type.Unsafe<StatementLine['kind']>(Type.Enum(['sale', 'return', 'top_up'], { type: 'string' })),
  booking_id: Type.String({ description: 'The id of the sale or payment' }),
  lead_id: optional(Type.String()),
  campaign: optional(Type.String()),
  buyer: optional(Type.String()),
  seller: optional(Type.String()),
  ref: optional(Type.String()),
  amount: Type.Number(),
  balance: Type.Number({ description: 'Balance after the booking' }),
});

const Statement = Type.Object(
  {
    account: Type.String(),
    from: Type.String({ description: 'First day' }),
    to: Type.String({ description: 'Last day' }),
    currencies: Type.Array(
      Type.Object({
        currency: Type.String(),
        opening_balance: Type.Number({ description: 'Balance before the first of these bookings' }),
        bookings: Type.Array(Booking),
        closing_balance: Type.Number({ description: 'Balance after the last of these bookings' }),
        continued: optional(Type.Literal(true, { description: 'Earlier bookings are on the previous page' })),
        continues: optional(Type.Literal(true, { description: 'Further bookings are on the next page' })),
      }),
    ),
    next: optional(
      Type.String({ description: 'Send as `after` to get the next page; absent on the last page' }),
    ),
  },
  { $id: 'Statement', title: 'A statement' },
);
export type StatementView = Type.Static<typeof Statement>;

const DAY_MS = 86_400_000;

export const showStatement = operation({
  id: 'showStatement',
  summary: 'Show an account’s sales, returns and top-ups in a period, with opening and closing balance',
  tag,
  route: 'GET /admin/statement',
  scope: 'books:read',
  input: {
    buyer: optional(BuyerName),
    seller: optional(SellerName),
    house: optional(Flag('The account of the house')),
    from: optional(Day('First day, UTC; by default the first of the last day’s month')),
    to: optional(Day('Last day, UTC; by default today')),
    limit: optional(PageSize(1000)),
    after: optional(
      Type.String({ title: 'a `next`', maxLength: 400, description: 'The `next` of the previous page' }),
    ),
  },
  output: Statement,
  failures: ['notFound'],
  async run({ database }, { from: first, to: last, limit = 1000, after, ...whose }) {
    const to = last === undefined ? new Date() : dateOf(last);
    const monthBegan = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1));
    const from = first === undefined ? monthBegan : dateOf(first);
    const until = new Date((Math.floor(to.getTime() / DAY_MS) + 1) * DAY_MS);
    if (from >= until)
      throw invalidField('The last day of the statement is before its first. Change one of them.');
    const account = await accountOf(database, whose);
    const mark = after === undefined ? undefined : readMark(after);
    const page = await statementPage(database, account, { from, until }, { limit, after: mark });
    return statementView(account, { from, to }, page);
  },
});

const markText = ({ currency, at, id }: StatementCursor): string =>
  Buffer.from(JSON.stringify([currency, at.getTime(), id])).toString('base64url');

const MarkParts = Type.Tuple([Type.String(), Type.Integer(), Type.String()]);

function readMark(text: string): StatementCursor {
  try {
    const [currency, at, id] = Value.Parse(MarkParts, JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { currency, at: new Date(at), id };
  } catch {
    throw invalidField('after is not a `next` of this statement. Send the `next` of the previous page.');
  }
}

/** The requested account. Buyers that left the market keep theirs. */
async function accountOf(
  database: Database,
  { buyer, seller, house = false }: { buyer?: string; seller?: string; house?: boolean },
): Promise<string> {
  const asked = [buyer, seller, house || undefined].filter((one) => one !== undefined);
  if (asked.length !== 1) throw invalidField('Name exactly one account: `buyer`, `seller` or `house`.');
  if (buyer !== undefined) return buyerAccount((await findBuyerByName(database, buyer)).id);
  return seller === undefined ? HOUSE : sellerAccount((await findSellerByName(database, seller)).code);
}

const dayText = (at: Date): string => at.toISOString().slice(0, 10);

/** @param period first and last day */
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

function bookingView(line: StatementLine, currency: string): Type.Static<typeof Booking> {
  const { at, booking, lead, amount, balance, ...shown } = line;
  return {
    booked_at: at.toISOString(),
    booking_id: booking,
    lead_id: lead,
    ...shown,
    amount: toDecimal(amount, currency),
    balance: toDecimal(balance, currency),
  };
}

const Count = Type.Integer({ minimum: 0 });

export const checkBooksOperation = operation({
  id: 'checkBooks',
  summary:
    'Compare sales, ledger, prices of leads and prepaid balances, one part per request, until `next` is absent',
  tag,
  route: 'GET /admin/books/check',
  scope: 'books:read',
  input: {
    after: optional(
      Type.String({ title: 'a `next`', maxLength: 400, description: 'The `next` of the previous part' }),
    ),
  },
  output: Type.Object(
    {
      ok: Type.Boolean({ description: 'Whether this part has no differences' }),
      sales: Count,
      leads: Count,
      balances: Count,
      differences: Type.Array(
        Type.Object({
          what: Type.Unsafe<BooksDifference['what']>(
            Type.Enum(['booking', 'sale', 'lead', 'balance'], { type: 'string' }),
          ),
          id: Type.String(),
          detail: Type.String({ description: 'Both values, in words' }),
        }),
        { description: 'The first 1000 differences' },
      ),
      differing: Type.Integer({ minimum: 0, description: 'Number of differences' }),
      next: optional(
        Type.String({ description: 'Send as `after` to compare the next part; absent after the last part' }),
      ),
    },
    { $id: 'BooksCheck', title: 'Counts and differences of a comparison' },
  ),
  async run({ database, isShared }, { after }) {
    const from = after === undefined ? undefined : readPlace(after);
    const { next, ...checked } = await checkBooks(database, {
      from,
      most: isShared ? MAX_COMPARED : Infinity,
    });
    return { ok: checked.differing === 0, ...checked, next: next && `${next.stage}:${next.after}` };
  },
});

/** Limit of bookings, leads and balances per request, which takes some seconds. */
const MAX_COMPARED = 10_000;

function readPlace(text: string): CheckCursor {
  const [, name, after = ''] = /^(\w+):(.*)$/s.exec(text) ?? [];
  const stage = STAGES.find((one) => one === name);
  if (stage === undefined)
    throw invalidField('after is not a `next` of this check. Send the `next` of the previous part.');
  return { stage, after };
}
