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
