import { createHmac } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/**
 * What a buyer compares with its own records before it bids: HMAC-SHA-256, hexadecimal, keyed with the buyer's secret, of
 * the phone as E.164 (its digits where it is none) or the e-mail address in lower case (docs/buyer.md).
 */
export function personHash(
  field: 'phone' | 'email',
  value: string | undefined,
  secret: string,
): string | undefined {
  if (value === undefined) return undefined;
  return createHmac('sha256', secret).update(normalised(field, value)).digest('hex');
}

function normalised(field: 'phone' | 'email', value: string): string {
  if (field === 'email') return value.trim().toLowerCase();
  const number = parsePhoneNumberFromString(value, 'US');
  return number?.isPossible() === true ? number.number : value.replace(/\D/g, '');
}
