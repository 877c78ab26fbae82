import type { StatementView } from '../../../operations/books/booksOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { formatDecimal, minorDigits } from '../../../market/money.js';
import { colors, table } from '../../../terminal/print.js';
import { csvLine } from '../../csvLine.js';

/** For programs. */
const decimals = (amount: number, currency: string): string => amount.toFixed(minorDigits(currency));
const inWords = (kind: string): string => kind.replaceAll('_', ' ');

export function statementText({ account, from, to, currencies }: StatementView): string {
  const head = `${colors.bold(account)}, ${from} to ${to} (UTC)`;
  if (currencies.length === 0) return `${head}\nNothing was ever booked.`;
  return [head, ...currencies.map(currencyText)].join('\n\n');
}

function currencyText(part: StatementView['currencies'][number]): string {
  const { currency, opening_balance, bookings, closing_balance } = part;
  const money = (amount: number): string => formatDecimal(amount, currency);
  const rows = bookings.map((booking) => [
    formatUtc(Date.parse(booking.booked_at)),
    inWords(booking.kind),
    booking.campaign ?? booking.ref ?? '',
    booking.buyer ?? '',
    booking.booking_id,
    money(booking.amount),
    money(booking.balance),
  ]);
  return table(
    ['booked', 'is', 'of', 'buyer', 'sale or payment', 'amount', 'balance'],
    [
      ['', part.continued ? 'brought forward' : 'opening balance', '', '', '', '', money(opening_balance)],
      ...rows,
      ['', part.continues ? 'carried forward' : 'closing balance', '', '', '', '', money(closing_balance)],
    ],
  );
}

const COLUMNS = [
  'booked_at',
  'kind',
  'booking_id',
  'lead_id',
  'campaign',
  'seller',
  'buyer',
  'ref',
  'currency',
  'amount',
  'balance',
] as const;

export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

/** A page of a statement as CSV (RFC 4180), with a line for the balance before and after each currency's bookings. */
export function statementCsv({ from, to, currencies }: StatementView): string {
  const rows = currencies.flatMap(
    ({ currency, opening_balance, bookings, closing_balance, continued, continues }) => {
      const balanceAt = (booked_at: string, kind: string, balance: number): string =>
        row({ booked_at, kind, currency, balance: decimals(balance, currency) });
      return [
        ...(continued ? [] : [balanceAt(from, 'opening_balance', opening_balance)]),
        ...bookings.map(({ amount, balance, ...booking }) =>
          row({
            ...booking,
            currency,
            amount: decimals(amount, currency),
            balance: decimals(balance, currency),
          }),
        ),
        ...(continues ? [] : [balanceAt(to, 'closing_balance', closing_balance)]),
      ];
    },
  );
  return rows.join('');
}

const row = (cells: Partial<Record<(typeof COLUMNS)[number], string | undefined>>): string =>
  csvLine(COLUMNS.map((column) => cells[column] ?? ''));
