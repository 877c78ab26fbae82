import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { personScreen } from '../../src/buyers/personScreen.js';
import { processorClock } from '../support/processorClock.js';

const lead = {
  fields: {
    firstName: 'John',
    lastName: 'Doe',
    email: 'john.doe85@example.com',
    phone: '(214) 555-0187 ext. 89',
    address: '123 Main St',
    city: 'Dallas',
    zip: '75001-1234',
    birthDate: '03/12/1985',
    ssn: '078-05-1120',
    ip: '203.0.113.9',
    state: 'TX',
    category: 'Solar',
    subId: 'spring',
  },
  phoneE164: '+12145550187',
};
const namesJohn = personScreen(lead);

const hex = (text: string): string => Buffer.from(text).toString('hex');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const percent = (text: string): string => encodeURIComponent(text);
const percentAll = (text: string): string => hex(text).replace(/../g, '%$&');
const reverse = (text: string): string => Array.from(text).reverse().join('');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a word that contains personal data', () => {
  it.each([
    ['a name', ['john', 'ref-JOHN-7', 'Doe20417', '20417_doe', 'JOHNathan Doe', 'ｊｏｈｎ']],
    [
      'both names, joined',
      ['johndoe', 'doejohn', 'xxJohnDoexx', 'john.doe', 'DOE, JOHN', 'j-o-h-n-d-o-e', 'john7doe'],
    ],
    ['one name and an initial', ['jdoe', 'j.doe', 'doej', 'JohnD', 'id/jdoe/7']],
    [
      'letters set apart',
      ['d o e', 'D.O.E.', 'ref J-o-h-n', 'no lead for J o h n', 'd  o  e / 7', 'n h o j', base64('j o h n')],
    ],
    ['backwards', ['eodnhoj', 'EOD.NHOJ', '7-nhoj']],
    [
      'e-mail',
      ['john.doe85@example.com', 'johndoe85', 'JOHN_DOE_85', 'x:john.doe85', 'john doe85 at example'],
    ],
    [
      'phone',
      [
        '2145550187',
        '+1 214 555 0187',
        '555-0187',
        '214.555.01.87',
        '7810555412',
        'tel 5 5 5 0 1 8 7 x',
        '٥٥٥٠١٨٧',
      ],
    ],
    [
      'street',
      ['123 Main Street', '123main', 'main-123', 'MAIN ST.', 'main/dallas', '123, main', 'MainStreet-Dallas'],
    ],
    [
      'date of birth',
      [
        '1985-03-12',
        '12.3.1985',
        '3/12/85',
        '19850312',
        'x03121985',
        '031285',
        'Mar 12, 1985',
        '12mar1985',
        '12 March 85',
      ],
    ],
    ['ZIP+4', ['75001-1234', '750011234', '75001 1234']],
    ['number of a document', ['078051120', '078-05-1120']],
    ['IP address', ['203.0.113.9']],
  ])('%s', (_what, words) => {
    expect(words.filter((word) => !namesJohn(word))).toEqual([]);
  });

  it.each([
    ['base64', base64],
    ['base64 for addresses', base64url],
    ['hexadecimal', hex],
    ['hexadecimal in capitals', (text: string) => hex(text).toUpperCase()],
    ['hexadecimal in pairs', (text: string) => hex(text).replace(/../g, '$&:')],
    ['percent', percentAll],
    ['backslashes', (text: string) => hex(text).replace(/../g, '\\x$&')],
    ['HTML', (text: string) => hex(text).replace(/../g, '&#x$&;')],
    ['base64 twice', (text: string) => base64(base64(text))],
    ['hexadecimal of base64', (text: string) => hex(base64(text))],
    ['base64 of the end first', (text: string) => base64(reverse(text))],
    ['base64, from its end', (text: string) => reverse(base64(text))],
    ['UTF-16 in base64', (text: string) => Buffer.from(text, 'utf16le').toString('base64')],
  ])('encoded as %s, alone and in the middle', (_how, encode) => {
    for (const word of [
      'John Doe',
      'doe',
      'john.doe85@example.com',
      '2145550187',
      '123 Main St',
      '1985-03-12',
    ])
      for (const around of [
        ['', ''],
        ['nw-', '-20417'],
        ['id=', ''],
        ['(', ')'],
      ] as const)
        expect(namesJohn(around.join(encode(word))), `${around.join(encode(word))} (${word})`).toBe(true);
  });

  it('in base64 that starts within other letters', () => {
    for (const before of ['', 'a', 'ab', 'abc', 'abcd', 'abcde'])
      expect(namesJohn(before + base64url('John Doe'))).toBe(true);
  });

  it('hashed, as sold for matching', () => {
    expect(namesJohn(sha256('john.doe85@example.com'))).toBe(true);
    expect(namesJohn(`em:${createHash('md5').update('john.doe85@example.com').digest('hex')}`)).toBe(true);
    expect(namesJohn(sha256('+12145550187').toUpperCase())).toBe(true);
    expect(namesJohn(sha256('2145550187'))).toBe(true);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      'marks',
      { firstName: 'José', lastName: 'Muñoz-Åström' },
      ['jose', 'munoz', 'MUÑOZ', 'astrom', 'aastroem', 'josé.muñoz', 'muñoz'],
    ],
    ['umlauts', { firstName: 'Jürgen', lastName: 'Groß' }, ['juergen', 'jurgen', 'JÜRGEN', 'gross', 'Groß']],
    ['letters with strokes', { firstName: 'Łukasz', lastName: 'Bjørn' }, ['lukasz', 'bjorn', 'bjoern']],
    [
      'several words',
      { firstName: 'Mary Ann', lastName: 'van der Berg' },
      ['mary', 'ann', 'maryann', 'berg', 'vanderberg', '0198c1f2-berg'],
    ],
    [
      'an apostrophe',
      { firstName: 'Sinéad', lastName: 'O’Connor' },
      ['oconnor', "O'Connor", 'connor', 'sinead'],
    ],
    ['one field', { fullName: 'Dr. John Q. Public' }, ['john', 'public', 'jpublic', 'publicjohn']],
    ['short ones', { firstName: 'Al', lastName: 'Ng' }, ['al', 'NG', 'al-20417', 'TmcgQWw=']],
    ['another script', { firstName: '雷', lastName: '李' }, ['李雷', '雷李20417', base64('李雷')]],
    ['Cyrillic', { firstName: 'Анна', lastName: 'Ким' }, ['анна', 'КИМ', percent('Анна')]],
  ])('names with %s', (_what, fields, words) => {
    expect(words.filter((word) => !personScreen({ fields })(word))).toEqual([]);
  });

  it('with letters set apart by spaces, dots or other characters', () => {
    const screen = personScreen({ fields: { lastName: 'Zwetschgenbaum', firstName: 'Zoë' } });
    const name = 'Zwetschgenbaum';
    const apart = [' ', '.', ' . ', '-', '_', '*'].flatMap((between) => [
      name.split('').join(between),
      `call ${name.toUpperCase().split('').join(between)} first`,
    ]);
    expect([...apart, 'Z o ë'].filter((word) => !screen(word))).toEqual([]);
    expect(screen('a b c 1 2 3')).toBe(false);
  });

  it('as sent, if the stored value differs, and in each value of a list', () => {
    const screen = personScreen({
      fields: { firstName: 'Jon', altPhones: ['9725550101', '4695550102'] },
      sent: { firstName: 'Jonathan' },
    });
    expect(['jonathan', '469-555-0102'].filter((word) => !screen(word))).toEqual([]);
  });
});

describe('a word without personal data', () => {
  it.each([
    'NW-20417',
    '48151',
    '0198c1f2-7c3a-7e11-9e55-3f2a11c0ffee',
    '01J9ZK3M8Q4W7T2RBVX5N6CDEF',
    'duplicate',
    'DUPLICATE',
    'Duplicate Lead',
    'already in our system',
    'price too low',
    'no_capacity',
    '20417-TX-75001',
    'Dallas',
    'Main',
    '2125550',
    '2026-11-24T14:33:05Z',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '',
    'x',
  ])('%s', (word) => {
    expect(namesJohn(word)).toBe(false);
  });

  it('of a lead without a name, an address or a number', () => {
    const screen = personScreen({ fields: { state: 'TX', firstName: '7', phone: '12' } });
    expect(['20417', 'TX-7', 'nobody', base64('nobody')].filter(screen)).toEqual([]);
  });

  it('random ids are kept, except for one in thousands', () => {
    const ids = fc.sample(fc.uuid(), { numRuns: 3000, seed: 7 });
    expect(ids.filter(namesJohn).length).toBeLessThanOrEqual(1);
    const others = fc.sample(fc.base64String({ minLength: 16, maxLength: 24 }), { numRuns: 3000, seed: 7 });
    expect(others.filter(namesJohn).length).toBeLessThanOrEqual(6);
  });
});

describe('any person', () => {
  const letters = fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyzéñüøçšœ'));
  const name = fc
    .array(letters, { minLength: 3, maxLength: 12 })
    .map((all) => all.join('').replace(/^./u, (letter) => letter.toUpperCase()));
  const digits = fc.integer({ min: 2_000_000_000, max: 9_999_999_999 }).map(String);
  const person = fc.record({
    firstName: name,
    lastName: name,
    phone: digits,
    street: name,
    house: fc.nat(9999),
  });
  const encoding = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toUpperCase(),
    base64,
    base64url,
    hex,
    percent,
    percentAll,
    reverse,
    (text) => base64(reverse(text)),
    (text) => hex(base64(text)),
    (text) => text.normalize('NFD'),
    (text) => text.normalize('NFKD').replace(/\p{M}/gu, ''),
  );

  it('is recognised: no encoded form of the names, the phone or the street passes as an id', () => {
    fc.assert(
      fc.property(
        person,
        encoding,
        fc.nat(9),
        ({ firstName, lastName, phone, street, house }, encode, which) => {
          const words = [
            `${firstName} ${lastName}`,
            `${firstName}.${lastName}`.toLowerCase(),
            firstName + lastName,
            lastName + firstName,
            firstName,
            lastName,
            `${firstName.slice(0, 1)}${lastName}`,
            phone,
            `(${phone.slice(0, 3)}) ${phone.slice(3, 6)}-${phone.slice(6)}`,
            `${house} ${street} Avenue`,
          ];
          const word = words[which] ?? '';
          const screen = personScreen({
            fields: { firstName, lastName, phone, address: `${house} ${street} Ave` },
          });
          return screen(encode(word));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('no text makes it throw or take long', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 1000 }), fc.base64String({ maxLength: 1000 })),
        (word) => {
          const spent = processorClock();
          namesJohn(word);
          return spent() < 1000;
        },
      ),
      { numRuns: 500 },
    );
  });
});
