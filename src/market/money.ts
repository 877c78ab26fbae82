/**
 * Money is a whole number of the currency's minor units (cents, yen) everywhere inside; decimals exist only in
 * JSON and in the market file, and are converted here.
 */
export type Minor = number;

/** No amount in a market or bid is larger, in whole units of its currency; a larger one is a typing error. */
export const MOST_MONEY = 1_000_000_000;

/** How a currency's amounts are written, and its decimal places. */
interface Form {
  format: Intl.NumberFormat;
  digits: number;
}

const forms = new Map<string, Form>();

/** Made once for a currency: making one takes longer than the rest of a contract's part in a round. */
function formOf(currency: string): Form {
  const known = forms.get(currency);
  if (known) return known;
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const form = { format, digits: format.resolvedOptions().maximumFractionDigits ?? 2 };
  forms.set(currency, form);
  return form;
}

/** Decimal places of an ISO 4217 currency, as CLDR knows them: 2 for USD, 0 for JPY. */
export const minorDigits = (currency: string): number => formOf(currency).digits;

/**
 * A decimal amount (45.5 USD) as minor units (4550). Undefined if it is not a finite amount that the currency can
 * express: no price has a tenth of a cent.
 */
export function toMinor(amount: number, currency: string): Minor | undefined {
  const minor = Math.round(amount * 10 ** minorDigits(currency));
  return Number.isSafeInteger(minor) && isNear(toDecimal(minor, currency), amount) ? minor : undefined;
}

/** Nothing but what arithmetic with binary numbers leaves: 0.1 + 0.2 is 0.3. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 4 * Number.EPSILON * Math.abs(b);

/** Minor units as the decimal number that JSON carries. */
export function toDecimal(minor: Minor, currency: string): number {
  const digits = minorDigits(currency);
  return Number((minor / 10 ** digits).toFixed(digits));
}

/** Minor units for people: "$45.00". */
export const formatMoney = (minor: Minor, currency: string): string =>
  formatDecimal(toDecimal(minor, currency), currency);

export const formatDecimal = (amount: number, currency: string): string =>
  formOf(currency).format.format(amount);
