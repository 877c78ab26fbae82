import { describe, expect, test } from 'vitest';
import { entriesOf, readLayout, type Entry } from '../../../src/market/intake/contactColumns.js';

const rolesOf = (rows: string[][]): (string | undefined)[] | undefined =>
  readLayout(rows).layout?.columns.map(({ role }) => role);

function entries(rows: string[][]): Entry[] {
  const { layout } = readLayout(rows);
  if (layout === undefined) throw new Error('No column can be used');
  return rows.slice(layout.headerRows).flatMap((row) => entriesOf(row, layout));
}

const contacts = (rows: string[][]): unknown[] =>
  entries(rows).map((entry) => ('contact' in entry ? entry.contact : entry.problem));

describe('the columns of a list', () => {
  test.each([
    'Phone',
    'phone number',
    'Mobile Phone Number',
    'Phone 1',
    'Phone1',
    'phone_2',
    'PhoneNumber',
    'mobilePhone',
    'Cell',
    'Cell Phone #',
    'Home Telephone No.',
    'Telephone 1 - Value',
    'Teléfono',
    'Work Tel',
  ])('are recognized by name: %s has phones', (name) => {
    expect(
      rolesOf([
        [name, 'x'],
        ['none', 'y'],
      ]),
    ).toEqual(['phone', undefined]);
  });

  test.each([
    'Email',
    'E-Mail',
    'E-mail Address',
    'email_address',
    'EmailAddress',
    'Work Email',
    'Email ID',
    'E-mail 1 - Value',
  ])('are recognized by name: %s has e-mails', (name) => {
    expect(
      rolesOf([
        ['x', name],
        ['y', 'none'],
      ]),
    ).toEqual([undefined, 'email']);
  });

  test.each([
    'Phone Type',
    'Email Opt Out',
    'EmailStatus',
    'Phone Consent Date',
    'Phone Ext',
    'Fax',
    'Customer ID',
    'E-mail Display Name',
    'Email MD5',
  ])('with another subject are ignored, even with digits: %s', (name) => {
    expect(
      rolesOf([
        ['Phone', name],
        ['2145550187', '9725550121'],
      ]),
    ).toEqual(['phone', undefined]);
  });

  test('are all read if several have phones', () => {
    expect(
      contacts([
        ['Name', 'Phone 1', 'Phone 2', 'Email'],
        ['Doe', '214-555-0187', '', 'jo@example.org'],
        ['Roe', '214-555-0188', '972-555-0121', 'n/a'],
      ]),
    ).toEqual([
      { phone: '214-555-0187' },
      { email: 'jo@example.org' },
      { phone: '214-555-0188' },
      { phone: '972-555-0121' },
    ]);
  });

  test('are recognized by value without a header or with an unclear header', () => {
    const rows = [
      ['Doe', '2145550187', 'jo@example.org', '75001'],
      ['Roe', '(214) 555-0188', 'ro@example.org', '75002'],
    ];
    const roles = [undefined, 'phone', 'email', undefined];
    expect(rolesOf(rows)).toEqual(roles);
    expect(rolesOf([['Who', 'Number', 'Contact', 'Where'], ...rows])).toEqual(roles);
  });

  test('can be those of the National Do Not Call file: area code and local number', () => {
    expect(
      contacts([
        ['214', '5550187'],
        ['972', '5550121'],
      ]),
    ).toEqual([{ phone: '2145550187' }, { phone: '9725550121' }]);
    expect(
      contacts([
        ['AreaCode', 'Phone', 'Date'],
        ['214', '555-0187', '2026-01-31'],
        ['', '972-555-0121', ''],
      ]),
    ).toEqual([{ phone: '214555-0187' }, { phone: '972-555-0121' }]);
  });

  test('report an incomplete address as an error', () => {
    expect(contacts([['Email'], ['bob@'], ['@example.com'], ['bob@example']])).toEqual([
      'not an e-mail address',
      'not an e-mail address',
      { email: 'bob@example' },
    ]);
    expect(contacts([['bob@'], ['jo@example.org']])).toEqual([
      'not an e-mail address',
      { email: 'jo@example.org' },
    ]);
  });

  test('may come after a title', () => {
    const rows = [['Do not sell, January'], [], ['Name', 'Cell'], ['Doe', '2145550187']];
    expect(readLayout(rows).layout).toMatchObject({ headerRows: 3 });
    expect(contacts(rows)).toEqual([{ phone: '2145550187' }]);
  });

  test('are missing if no column has phones or e-mails', () => {
    expect(
      readLayout([
        ['Name', 'City'],
        ['Doe', 'Dallas'],
      ]),
    ).toEqual({
      layout: undefined,
      columns: [{ name: 'Name' }, { name: 'City' }],
    });
    expect(readLayout([]).layout).toBeUndefined();
  });
});

describe('a list without a header', () => {
  test('has one number or address a line, mixed, and its first line counts', () => {
    expect(contacts([['555-123-4567'], ['jo@example.org'], ['(512) 555-0100']])).toEqual([
      { phone: '555-123-4567' },
      { email: 'jo@example.org' },
      { phone: '(512) 555-0100' },
    ]);
  });

  test('does not take a bad first line for a header', () => {
    expect(contacts([['12'], ['2145550187'], ['jane(at)example.com']])).toEqual([
      'neither a phone number nor an e-mail address',
      { phone: '2145550187' },
      'neither a phone number nor an e-mail address',
    ]);
  });

  test('reads each of several numbers in one cell', () => {
    expect(contacts([['2145550187; 972-555-0121'], ['(214) 555-0188, ext. 5']])).toEqual([
      { phone: '2145550187' },
      { phone: '972-555-0121' },
      { phone: '(214) 555-0188, ext. 5' },
    ]);
  });

  test('reports numbers that match only their own digits', () => {
    expect(entries([['2145550187'], ['555-0187']])).toEqual([
      { contact: { phone: '2145550187' }, isCertain: true },
      { contact: { phone: '555-0187' }, isCertain: false },
    ]);
  });
});

describe('Columns with unclear names', () => {
  const two = (name: string, value: string, other = 'Phone'): (string | undefined)[] | undefined =>
    rolesOf([
      [name, other],
      [value, '2145550187'],
      [value, '2145550188'],
    ]);

  test.each([
    ['Contact', '2145550187', 'phone'],
    ['Contact', 'jo@example.org', 'email'],
    ['Contact', 'jo', undefined],
    ['Phone or e-mail', 'jo', 'either'],
    ['p'.repeat(61), '2145550187', 'phone'],
    [`phone ${'x'.repeat(54)}`, 'jo', 'phone'],
    [`phone ${'x'.repeat(55)}`, 'jo', undefined],
    ['MobilePhone2Value', 'jo', 'phone'],
    ['  Phone -- No.', 'jo', 'phone'],
    ['xareacode', '214', undefined],
    ['areacodes', '214', undefined],
    ['Customer ID', '214', undefined],
  ])('%s with the value %s has the role %s', (name, value, role) => {
    expect(two(name, value)).toEqual([role, 'phone']);
  });

  test('are those of most values', () => {
    const mixed = (...cells: string[]) => rolesOf([['Who', 'Name'], ...cells.map((cell) => [cell, 'Doe'])]);
    expect(mixed('2145550187', '2145550188', 'jo@example.org')).toEqual(['phone', undefined]);
    expect(mixed('2145550187', 'jo@example.org')).toEqual(['either', undefined]);
    expect(mixed('2145550187', 'jo@example.org', 'x')).toEqual(['either', undefined]);
    expect(mixed('2145550187', 'x')).toBeUndefined();
    expect(mixed('jo@example.org', 'ro@example.org', '@')).toEqual(['email', undefined]);
  });

  test.each<[string[][], (string | undefined)[] | undefined]>([
    [
      [
        ['Area Code', 'Rest'],
        ['(214)', '555-0187'],
      ],
      ['areaCode', 'localNumber'],
    ],
    [
      [
        ['NPA', 'Rest'],
        ['214', '555 0187'],
      ],
      ['areaCode', 'localNumber'],
    ],
    [
      [
        ['NPA', 'Phone'],
        ['214', '2145550187'],
      ],
      [undefined, 'phone'],
    ],
    [
      [
        ['Zip', 'Phone'],
        ['214', '5550187'],
      ],
      [undefined, 'phone'],
    ],
    [
      [
        ['Who', 'Rest'],
        ['1214', '5550187'],
      ],
      undefined,
    ],
    [
      [
        ['Who', 'Rest'],
        ['2145', '5550187'],
      ],
      undefined,
    ],
    [
      [
        ['Who', 'Rest'],
        ['214', '5550187x'],
      ],
      undefined,
    ],
    [
      [
        ['Phone', 'Rest'],
        ['214', '5550187'],
      ],
      ['phone', undefined],
    ],
  ])('The columns %j have the roles %j', (rows, roles) => {
    expect(rolesOf(rows)).toEqual(roles);
  });
});

describe('Rows before the first contact', () => {
  const headerRows = (rows: string[][]) => readLayout(rows).layout?.headerRows;
  const titles = (count: number) => Array.from({ length: count }, () => ['Title 1']);

  test.each<[string[][], number | undefined]>([
    [[['Phone'], ['2145550187']], 1],
    [[...titles(19), ['Phone'], ['2145550187']], 20],
    [[...titles(20), ['Phone'], ['2145550187']], 1],
    [
      [
        ['Phone', '2145550187'],
        ['Cell', '2145550188'],
      ],
      0,
    ],
    [[['People'], ['2145550187']], 1],
    [[['People 12'], ['2145550187']], 1],
    [[['People 123'], ['2145550187']], 0],
    [[['jane(at)example.com'], ['2145550187']], 0],
    [[[''], ['2145550187']], 0],
    [
      [
        ['People', '12'],
        ['2145550187', 'x'],
        ['2145550188', 'x'],
      ],
      0,
    ],
  ])('%j have %s', (rows, count) => {
    expect(headerRows(rows)).toBe(count);
  });
});

test.each<[string, unknown[]]>([
  ['2145550187 ', [{ phone: '2145550187' }]],
  ['2145550187;9725550121', [{ phone: '2145550187' }, { phone: '9725550121' }]],
  ['2145550187 / 9725550121', [{ phone: '2145550187' }, { phone: '9725550121' }]],
  ['214/5550187', [{ phone: '214/5550187' }]],
  ['2145550187:::9725550121', [{ phone: '2145550187' }, { phone: '9725550121' }]],
  ['2145550187 or 9725550121', [{ phone: '2145550187' }, { phone: '9725550121' }]],
  ['2145550187,9725550121', [{ phone: '2145550187' }, { phone: '9725550121' }]],
  ['2145550187,,12', [{ phone: '2145550187,,12' }]],
  ['2145550187; x', [{ phone: '2145550187; x' }]],
  ['x', ['not a phone number of 7 to 15 digits']],
  ['', ['neither a phone number nor an e-mail address']],
])('A cell with %j of a column of phones has the contacts %j', (cell, expected) => {
  expect(contacts([['Phone'], [cell], ['2145550199']]).slice(0, -1)).toEqual(expected);
});

test('An e-mail address is certain, and a column that is not read has no contacts', () => {
  expect(entries([['Email'], ['jo@example.org']])).toEqual([
    { contact: { email: 'jo@example.org' }, isCertain: true },
  ]);
  expect(entriesOf(['x', 'y'], { headerRows: 0, columns: [{}, { role: 'areaCode' }] })).toEqual([
    { problem: 'neither a phone number nor an e-mail address' },
  ]);
});
