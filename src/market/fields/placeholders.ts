/**
 * What people and forms write if they don't want to give a contact. Many persons share such a value, so it does not
 * identify a person (docs/decisions/match-key.md).
 */
const NO_ADDRESS: ReadonlySet<string> = new Set([
  ...['none', 'no', 'nope', 'na', 'null', 'undefined', 'unknown', 'anonymous', 'fake', 'asdf'],
  ...['noemail', 'nomail', 'noreply', 'donotreply', 'notprovided', 'notavailable', 'test', 'testing'],
]);

/** Names of domains that stand for no address, whatever stands before the @. */
const NO_DOMAIN: ReadonlySet<string> = new Set(['none', 'noemail', 'nomail', 'na', 'fake', 'notprovided']);

/** One repeated digit, or digits in the order of the keypad. */
const NO_NUMBER = /^(?:(\d)\1{6,}|0?123456(?:7(?:8(?:9(?:0)?)?)?)?|9876543210)$/;

export const PLACEHOLDER_NOTE = 'a placeholder; not used to recognise the person';

/** @param key in lower case */
export function isPlaceholderEmail(key: string): boolean {
  const at = key.lastIndexOf('@');
  const [domain = ''] = key.slice(at + 1).split('.', 1);
  return NO_ADDRESS.has(joined(key.slice(0, at))) || NO_DOMAIN.has(joined(domain));
}

/** `no-email`, `no_email` and `n/a` are `noemail` and `na`. */
const joined = (text: string): string => text.replace(/[._/-]/g, '');

/** @param key E.164, or digits */
export const isPlaceholderPhone = (key: string): boolean => NO_NUMBER.test(key.replace(/^\+1?/, ''));
