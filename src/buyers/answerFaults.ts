import { minorDigits, MOST_MONEY } from '../market/money.js';
import { isObject, kindOf, optional } from './buyerText.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered } from './send.js';

/*
 * Why an answer can't be used, in words that name the mistake. They are written to logs, Temporal and the API, so they
 * repeat nothing of the answer except short amounts, yes and no, and keys of a fixed list.
 */

/** A status other than 2xx, for ops and buyers. */
export const describeStatus = (status: number): string =>
  status >= 300 && status < 400 && status !== 304
    ? `HTTP ${status}; redirects are not followed`
    : `HTTP ${status}`;

/** Keys that buyers write instead of the documented one; compared without case, `_` and `-`. */
const BID_KEYS = ['bid', 'price', 'amount', 'value', 'offer', 'bidamount', 'bidprice', 'payout', 'cost'];
const ACCEPTED_KEYS = ['accepted', 'accept', 'status', 'success', 'result', 'ok', 'sold', 'response'];

/** Answers as they should be. */
export const EXAMPLES = {
  bid: { keys: BID_KEYS, send: '{"bid": 45.00}' },
  accepted: { keys: ACCEPTED_KEYS, send: '{"accepted": true} or {"accepted": false}' },
};

/** Why a body without the expected key is not an answer. */
export function missingKey({ malformed, detail, body }: Answered, key: keyof typeof EXAMPLES): string {
  const { keys, send } = EXAMPLES[key];
  if (malformed) return detail ?? 'not JSON';
  if (!isObject(body)) return `${kindOf(body)}; send an object: ${send}`;
  const similar = Object.keys(body)
    .slice(0, 100)
    .find((name) => keys.includes(name.toLowerCase().replace(/[_-]/g, '')) && name !== key);
  if (similar !== undefined) return `you sent "${similar}"; call it "${key}"`;
  const isInside = Object.values(body).some((value) => isObject(value) && Object.hasOwn(value, key));
  return isInside
    ? `no key "${key}" at the top level; it is inside another object`
    : `no key "${key}"; send ${send}`;
}

/** The fault of an amount that can't be used in the currency. */
export function amountFault(
  key: string,
  value: unknown,
  currency: string,
  namesPerson: PersonScreen,
): string | undefined {
  const shown = shownAmount(value, namesPerson);
  if (typeof value === 'string') return `${key} is a string${shown}; send a number without quotes`;
  if (typeof value !== 'number') return `${key} is ${kindOf(value)}; send a number`;
  if (value < 0) return `${key} is negative${shown}; send a number above zero, or 0 for no bid`;
  if (value > MOST_MONEY) return `${key} is too large; the most is ${MOST_MONEY}`;
  return `${key} has too many decimals${shown}; ${currency} has ${minorDigits(currency) || 'none'}`;
}

/** The fault of an answer to a post that has no boolean `accepted`. */
export function acceptedFault(answer: Answered): string {
  const accepted = optional(answer, 'accepted');
  if (accepted === undefined)
    return isObject(answer.body) && Object.hasOwn(answer.body, 'accepted')
      ? 'accepted is null; send true or false'
      : missingKey(answer, 'accepted');
  const remedy = typeof accepted === 'string' ? 'send true or false without quotes' : 'send true or false';
  const text = JSON.stringify(accepted);
  const shown = /^"?(?:true|false|yes|no|0|1)"?$/i.test(text) ? ` (${text})` : '';
  return `accepted is ${kindOf(accepted)}${shown}; ${remedy}`;
}

/** Short amounts only; more digits may be a phone number. */
const AMOUNT = /^-?\$?\d{1,5}(?:[.,]\d{1,6})?$/;

function shownAmount(value: unknown, namesPerson: PersonScreen): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const text = String(value);
  return AMOUNT.test(text) && !namesPerson(text) ? ` (${JSON.stringify(value)})` : '';
}
