import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formerPersonKeys, isPlaceholder, personKeys } from '../../../src/market/fields/personKeys.js';

const phoneKey = (phone: string): string | undefined => personKeys({ phone }).phone;
const emailKey = (email: string): string | undefined => personKeys({ email }).email;

const ONE_NUMBER = [
  '+12145550187',
  '2145550187',
  '(214) 555-0187',
  '214.555.0187',
  '1-214-555-0187',
  '001-214-555-0187',
  '011 1 214 555 0187',
  '0 214 555 0187',
  '+2145550187',
  '+1 (0) 214 555 0187',
  '2145550187.0',
  '2.145550187E+9',
  "'2145550187",
  '="2145550187"',
  'tel:+1-214-555-0187',
  'p:+12145550187',
  '214 555 0187 (c)',
  '(214) 555-0187 extension 89',
  '2145550187x12',
  '+1-214-555-0187;ext=89',
  '+12145550187;ext=89',
  '214\u2013555\u20130187',
  '\uFF12\uFF11\uFF14\uFF15\uFF15\uFF15\uFF10\uFF11\uFF18\uFF17',
  '\u200B214-555-0187\u202C',
  '2145550187 # Ann',
  '214-555-0187 evenings',
];

describe('the key of a phone number', () => {
  test.each(ONE_NUMBER)('is the same for every spelling: %s', (spelling) => {
    expect(phoneKey(spelling)).toBe('+12145550187');
  });

  test.each(['555-123-4567', '+1 555 123 4567', '1 (555) 123-4567', '001-555-123-4567', '5551234567 x12'])(
    'is the same for every spelling of ten digits that are not a valid number: %s',
    (spelling) => {
      expect(phoneKey(spelling)).toBe('+15551234567');
    },
  );

  test.each([
    ['555-0187', '5550187'],
    ['214555018', '214555018'],
    ['214-555-0187 call after 5', '21455501875'],
    ['+44 20 7946 0018', '+442079460018'],
    ['+999 214 555 018', '999214555018'],
  ])('is the digits of an unreadable number: %s', (spelling, key) => {
    expect(phoneKey(spelling)).toBe(key);
  });

  test.each([
    '',
    ' ',
    'none',
    '12',
    '555-018',
    '1-(512) *** ****',
    '214-555-XXXX',
    '(***) ***-0187',
    '2.15E+09',
  ])('is missing if the text identifies no person: "%s"', (spelling) => {
    expect(phoneKey(spelling)).toBeUndefined();
  });

  test('never equals the digits of a text that is not a number', () => {
    expect(phoneKey('2.1455501E+09')).toBeUndefined();
    expect(phoneKey('214-555-O187')).not.toBe(phoneKey('214-555-0187'));
  });
});

describe('the key of an e-mail address', () => {
  test.each([
    'Jane@Example.COM',
    ' jane@example.com\u200B',
    'Jane Roe <jane@example.com>',
    'jane%40example.com',
    'mailto:jane@example.com',
  ])('is the same for every spelling: %s', (spelling) => {
    expect(emailKey(spelling)).toBe('jane@example.com');
  });

  test('ignores provider-specific rules: dots and tags may mean other persons elsewhere', () => {
    expect(emailKey('j.ane+ads@gmail.com')).toBe('j.ane+ads@gmail.com');
  });

  test('is the same for an international domain and its ASCII form', () => {
    expect(emailKey('jo@bücher.example')).toBe(emailKey('jo@xn--bcher-kva.example'));
  });

  test.each(['', 'n/a', 'jane(at)example.com', 'j***@example.com', 'asked not to say'])(
    'is missing if the text identifies no person: "%s"',
    (spelling) => {
      expect(emailKey(spelling)).toBeUndefined();
    },
  );

  test('is the text itself for an unreadable address', () => {
    expect(emailKey(' Jane@example ')).toBe('jane@example');
  });
});

/** Fields and spellings in the table of the reader tests. */
const spellings = readFileSync(join(import.meta.dirname, 'normalise.tsv'), 'utf8')
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [field = '', sent = '', wanted = ''] = line.split('\t');
    return field === 'phone' || field === 'email' ? [{ field, sent, wanted }] : [];
  })
  .filter(({ sent }) => !sent.includes('\\'));

test.each(spellings)('the normal form of a $field has the same key as the input: $sent', (row) => {
  const { field, sent, wanted } = row;
  if (wanted === '(blank)') expect(personKeys({ [field]: sent })).toEqual({});
  else if (wanted !== '(keep)')
    expect(personKeys({ [field]: sent })).toEqual(personKeys({ [field]: wanted }));
});

test('the key of a key is the key itself, so normalizing twice changes nothing', () => {
  const national = fc.stringMatching(/^\d{7,15}$/);
  const prefixed = fc
    .tuple(fc.constantFrom('', '+', '+1', '001', '1-', '0 '), national)
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(prefixed, (phone) => {
      const key = phoneKey(phone);
      expect(key === undefined ? undefined : phoneKey(key)).toBe(key);
    }),
    { numRuns: 2000 },
  );
});

test('keys of older releases equal the current ones for common number formats', () => {
  for (const phone of ['(214) 555-0187', '12145550187', '+1 214 555 0187 x12', '555-123-4567'])
    expect(formerPersonKeys({ phone })).toEqual(personKeys({ phone }));
  expect(formerPersonKeys({ phone: '2145550187.0', email: ' Jo@Example.org ' })).toEqual({
    phone: '21455501870',
    email: 'jo@example.org',
  });
});

test.each(['none@none.com', 'No-Email@gmail.com', 'n/a@example.org', 'test@example.org', 'jo@noemail.com'])(
  'a placeholder is no key: %s',
  (email) => {
    expect(personKeys({ email })).toEqual({});
    expect(formerPersonKeys({ email })).toEqual({});
    expect(isPlaceholder({ email })).toBe(true);
  },
);

test.each(['0000000000', '(555) 555-5555', '+1 111 111 1111', '123-456-7890', '9876543210', '0000000'])(
  'a placeholder is no key: %s',
  (phone) => {
    expect(personKeys({ phone })).toEqual({});
    expect(isPlaceholder({ phone })).toBe(true);
  },
);

test.each(['nora@example.org', 'nobody@example.org', 'tester.jones@example.org', 'none.such@none-such.org'])(
  'an address that only resembles a placeholder is a key: %s',
  (email) => {
    expect(personKeys({ email })).toEqual({ email });
    expect(isPlaceholder({ email, phone: '555-123-4567' })).toBe(false);
  },
);
