import { describe, expect, test } from 'vitest';
import { readApiKey } from '../../../src/api/http/keyInHeader.js';
import { generateKey } from '../../../src/store/keys/apiKeys.js';

const KEY = generateKey('live');
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('An Authorization header', () => {
  test.each([
    ['Bearer', `Bearer ${KEY}`],
    ['Bearer in another case', `bearer   ${KEY}`],
    ['Bearer twice', `Bearer Bearer ${KEY}`],
    ['a user name', basic(`${KEY}:`)],
    ['a user name without a colon', basic(KEY)],
    ['a user name with a password', basic(`${KEY}:x:y`)],
    ['a password', basic(`acme:${KEY}`)],
    ['a password without a user name', basic(`:${KEY}`)],
    ['Basic in another case', basic(`${KEY}:`).replace('Basic', 'basic')],
  ])('contains a key as %s', (_form, header) => {
    expect(readApiKey(header, { basic: true })).toBe(KEY);
  });

  test.each([
    ['is absent', undefined],
    ['is empty', ''],
    ['is of another scheme', `Token ${KEY}`],
    ['repeats Bearer three times', `Bearer Bearer Bearer ${KEY}`],
    ['has two words', `Bearer ${KEY} ${KEY}`],
    ['has credentials in clear', `Basic ${KEY}`],
    ['has credentials without a key', basic('acme:secret')],
    ['has credentials that are not text', `Basic ${'/'.repeat(1000)}`],
    ['is very long', `Bearer ${'Bearer '.repeat(10_000)}`],
  ])('contains no key if it %s', (_form, header) => {
    expect(readApiKey(header, { basic: true })).toBeUndefined();
  });

  test('contains no key as Basic if Basic is not accepted', () => {
    expect(readApiKey(basic(`${KEY}:`), { basic: false })).toBeUndefined();
    expect(readApiKey(`Bearer ${KEY}`, { basic: false })).toBe(KEY);
  });
});
