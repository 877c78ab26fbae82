import { minorDigits } from '../money.js';
import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

/** Factors behind a number. A small `m` counts only behind a sign of money: otherwise it may be metres or months. */
const FACTORS: Readonly<Record<string, number>> = {
  k: 1000,
  thousand: 1000,
  m: 1_000_000,
  million: 1_000_000,
};
const FACTOR = String.raw`(?:k|m|thousand|million)`;

/** Digits with separators of thousands and one of decimals, in the styles of the US, Europe and Switzerland. */
const DIGITS = String.raw`\d[\d.,'’ \u00A0]*`;
/** An amount with a sign of money and a factor (`$75,000`, `1.5k`), without a minus sign. */
export const AMOUNT = String.raw`(?:us)?[$€£]?\s*(?:${DIGITS}|\.\d+)\s*(?:${FACTOR}\b)?\s*%?`;

const UNIT_WORD = String.raw`(?:years?|yrs?|yr|months?|mos?|weeks?|wks?|days?|hours?|hrs?|minutes?|mins?|old|of age|sq\.? ?(?:ft|feet|m)|square (?:feet|foot|meters?)|sqft|ft|feet|foot|inch(?:es)?|yards?|miles?|mi|km|meters?|metres?|acres?|points?|pts?|percent|dollars?|usd|bucks|kwh?|people|persons?|adults?|children|kids|units?|bed(?:room)?s?|bath(?:room)?s?|rooms?|stor(?:y|ies)|floors?|vehicles?|cars?|drivers?|employees?|lbs?|pounds?|kgs?|times?|per|an?|year|month|annually|yearly|monthly|score|fico)`;
/** What the number counts: `months`, `sq. ft.`, `years old`, `/month`. Only known words: others may change its meaning. */
export const UNIT = String.raw`(?:\s*[/-]?\s*(?:${UNIT_WORD}\.?[\s/-]*){1,3})?`;

/**
 * The number that digits with separators mean, as plain decimal text. The last separator is decimal if it is the only
 * one of its kind and does not stand before exactly three digits; a dot is decimal in any case, so `1.250` is 1.25.
 * Undefined if the groups are no thousands.
 */
function plainDecimal(text: string): string | undefined {
  const digits = text.replaceAll('’', "'").trim();
  const last = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','));
  const kind = digits[last];
  const isOnly = digits.indexOf(kind ?? '') === last;
  const isDecimal = isOnly && (kind === '.' || /,\d{1,2}$/.test(digits));
  const whole = isDecimal ? digits.slice(0, last) : digits;
  const fraction = isDecimal ? digits.slice(last + 1) : '';
  const grouped = /^(?:\d*|\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*)$/u.test(whole);
  if (!grouped || !/^\d*$/.test(fraction) || whole + fraction === '') return undefined;
  const kept = fraction.replace(/0+$/, '');
  const integer = whole.replace(/\D/g, '').replace(/^0+(?=\d)/, '') || '0';
  return kept === '' ? integer : `${integer}.${kept}`;
}

/** The plain decimal text of an amount (`AMOUNT`): `75000` of `$75k`; a percent sign is left out. */
export function amountIn(text: string): string | undefined {
  const [, sign = '', digits = '', factor = ''] =
    new RegExp(`^((?:us)?[$€£]?)\\s*(${DIGITS}|\\.\\d+?)\\s*(${FACTOR})?\\s*%?$`, 'i').exec(text.trim()) ??
    [];
  const plain = plainDecimal(digits);
  if (plain === undefined || factor === '') return plain;
  if (factor === 'm' && sign === '') return undefined;
  const times = FACTORS[factor.toLowerCase()] ?? 1;
  return String(Math.round(Number(plain) * times * 100) / 100);
}

/** A number, as plain decimal text: `45000` of `45,000`, `$45k` and `45000 miles`; a percent sign is left out. */
export const readNumber = (sent: string): Reading => readTypedText(sent, 'not a number', numberIn);

function numberIn(sent: string): Omit<Reading, 'original'> | undefined {
  const text = sent.replace(/^[\u2212\u2010-\u2015](?=[\d.$])/u, '-');
  const [, minus = '', amount = '', unit = ''] =
    new RegExp(`^(-?)\\s*(${AMOUNT})(${UNIT})$`, 'i').exec(text) ?? [];
  const value = scientific(text) ?? amountIn(amount);
  if (value === undefined) return undefined;
  const note = unit === '' ? undefined : 'the unit behind the number was left out';
  return { value: value === '0' ? value : minus + value, note };
}

/** `4.5E+4`, as spreadsheets write long numbers. */
const scientific = (text: string): string | undefined =>
  /^\d(?:\.\d+)?e\+?\d{1,2}$/i.test(text) && Number.isSafeInteger(Number(text))
    ? String(Number(text))
    : undefined;

/** The sign of a currency in American texts, and its code: `$` and `USD`, `€` and `EUR`. */
function signsOf(currency: string): string[] {
  const parts = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  }).formatToParts(0);
  const sign = parts.find(({ type }) => type === 'currency')?.value ?? currency;
  return [currency, sign, `${currency.slice(0, 2)}${sign}`];
}

/**
 * An amount of money in the campaign's currency, with its decimals: `12.50`. Another currency's sign, a minus, words and
 * more decimals than the currency has are not readable: nothing is taken at face value or rounded.
 * @param currency an ISO 4217 code
 */
export const readMoney = (sent: string, currency: string): Reading =>
  readTypedText(sent, `not an amount in ${currency}`, (text) => {
    const signs = signsOf(currency).map((sign) => sign.replace(/[$]/g, '\\$&'));
    const sign = `(?:${signs.join('|')})`;
    const [, digits = '', factor = ''] =
      new RegExp(
        `^(?:${sign})?\\s*(${DIGITS}?|\\.\\d+)\\s*(${FACTOR}\\b)?\\s*(?:${sign})?${UNIT}$`,
        'iu',
      ).exec(text) ?? [];
    const isMoney = new RegExp(sign, 'iu').test(text);
    const plain = factor === '' ? plainDecimal(digits) : amountIn(`${isMoney ? '$' : ''}${digits}${factor}`);
    const places = minorDigits(currency);
    const [whole = '', fraction = ''] = (plain ?? '').split('.');
    if (plain === undefined || fraction.length > places) return undefined;
    return places === 0 ? whole : `${whole}.${fraction.padEnd(places, '0')}`;
  });
