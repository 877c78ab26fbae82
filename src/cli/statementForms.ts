import { minorDigits, toDecimal, type Minor } from '../market/money.js';
import { moment } from '../market/moment.js';
import type { CurrencyStatement, StatementLine } from '../store/statement.js';
import { colors, table } from './print.js';

/** A statement with what stands at its head; `to` is its last day. */
export interface Headed {
  account: string;
  from: Date;
  to: Date;
  currencies: CurrencyStatement[];
}

const dayText = (at: Date): string => at.toISOString().slice(0, 10);
const decimals = (amount: Minor, currency: string): string =>
  toDecimal(amount, currency).toFixed(minorDigits(currency));
const inWords = (kind: string): string => kind.replaceAll('_', ' ');

/** A statement on a terminal. */
export function statementText({ account, from, to, currencies }: Headed): string {
  const head = `${colors.bold(account)}, ${dayText(from)} to ${dayText(to)} (UTC)`;
  if (currencies.length === 0) return `${head}\nNothing was ever booked.`;
  return [head, ...currencies.map(currencyText)].join('\n\n');
}

function currencyText({ currency, opening, lines, closing }: CurrencyStatement): string {
  const money = (amount: Minor): string => `${decimals(amount, currency)} ${currency}`;
  const rows = lines.map((line) => [
    moment(line.at),
    inWords(line.kind),
    line.campaign ?? line.ref ?? '',
    line.buyer ?? '',
    line.booking,
    money(line.amount),
    money(line.balance),
  ]);
  return table(
    ['booked', 'is', 'of', 'buyer', 'sale or payment', 'amount', 'balance'],
    [
      ['', 'opening balance', '', '', '', '', money(opening)],
      ...rows,
      ['', 'closing balance', '', '', '', '', money(closing)],
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

/** A statement as CSV (RFC 4180), with a line for the balance before and after each currency's bookings. */
export function statementCsv({ from, to, currencies }: Headed): string {
  const rows = currencies.flatMap(({ currency, opening, lines, closing }) => [
    row({
      booked_at: dayText(from),
      kind: 'opening_balance',
      currency,
      balance: decimals(opening, currency),
    }),
    ...lines.map((line) =>
      row({
        booked_at: line.at.toISOString(),
        kind: line.kind,
        booking_id: line.booking,
        lead_id: line.lead,
        campaign: line.campaign,
        seller: line.seller,
        buyer: line.buyer,
        ref: line.ref,
        currency,
        amount: decimals(line.amount, currency),
        balance: decimals(line.balance, currency),
      }),
    ),
    row({ booked_at: dayText(to), kind: 'closing_balance', currency, balance: decimals(closing, currency) }),
  ]);
  return [COLUMNS.join(','), ...rows].map((line) => `${line}\r\n`).join('');
}

const row = (cells: Partial<Record<(typeof COLUMNS)[number], string | undefined>>): string =>
  COLUMNS.map((column) => quoted(cells[column] ?? '')).join(',');

/** RFC 4180, section 2: quotes where a comma, a quote or a line break is in the cell. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A statement for programs: amounts as decimals, times in ISO 8601. */
export function statementJson({ account, from, to, currencies }: Headed) {
  return {
    account,
    from: dayText(from),
    to: dayText(to),
    currencies: currencies.map(({ currency, opening, lines, closing }) => ({
      currency,
      opening_balance: toDecimal(opening, currency),
      bookings: lines.map((line) => bookingJson(line, currency)),
      closing_balance: toDecimal(closing, currency),
    })),
  };
}

const bookingJson = (line: StatementLine, currency: string) => ({
  booked_at: line.at.toISOString(),
  kind: line.kind,
  booking_id: line.booking,
  lead_id: line.lead,
  campaign: line.campaign,
  seller: line.seller,
  buyer: line.buyer,
  ref: line.ref,
  amount: toDecimal(line.amount, currency),
  balance: toDecimal(line.balance, currency),
});
