import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBoolean, readList } from '../../../src/market/fields/choices.js';
import { readBirthDate, readDate } from '../../../src/market/fields/date.js';
import { readEmail } from '../../../src/market/fields/email.js';
import { readFirstName, readFullName, readName } from '../../../src/market/fields/name.js';
import { readMoney, readNumber } from '../../../src/market/fields/number.js';
import { readPhone } from '../../../src/market/fields/phone.js';
import { readRange } from '../../../src/market/fields/range.js';
import type { FieldValue, Reading } from '../../../src/market/fields/reading.js';
import { readState } from '../../../src/market/fields/state.js';
import { readCustom, readText } from '../../../src/market/fields/text.js';
import { readTime } from '../../../src/market/fields/time.js';
import { readIp, readUrl } from '../../../src/market/fields/web.js';
import { readZip } from '../../../src/market/fields/zip.js';

/*
 * normalise.tsv: field, input, expected value, note. `(blank)` counts as not sent. `(keep)` can't be read with certainty.
 * \uXXXX, \n and \r stand for invisible characters.
 */

/** Ages are computed on this day. */
const NOW = Date.UTC(2026, 10, 28);

type Reader = (sent: string) => Reading<FieldValue>;

const READERS: Readonly<Record<string, Reader>> = {
  phone: (sent) => readPhone(sent),
  state: readState,
  zip: readZip,
  email: (sent) => readEmail(sent),
  'email (query or form)': (sent) => readEmail(sent, { plusWasSpace: true }),
  text: (sent) => readText(sent),
  'text, decode html': (sent) => readText(sent, { decode: 'html' }),
  'optional custom field': readCustom,
  boolean: readBoolean,
  dob: (sent) => readBirthDate(sent, NOW),
  'dob, order dmy': (sent) => readBirthDate(sent, NOW, { order: 'dmy' }),
  date: (sent) => readDate(sent, NOW),
  'date, order dmy': (sent) => readDate(sent, NOW, { order: 'dmy' }),
  'date, order mdy!': (sent) => readDate(sent, NOW, { order: 'mdy!' }),
  'date, order ymd': (sent) => readDate(sent, NOW, { order: 'ymd' }),
  'date, format excel': (sent) => readDate(sent, NOW, { format: 'excel' }),
  'date, unit ms': (sent) => readDate(sent, NOW, { unit: 'ms' }),
  number: readNumber,
  range: readRange,
  'money (USD)': (sent) => readMoney(sent, 'USD'),
  'money (EUR)': (sent) => readMoney(sent, 'EUR'),
  'money (JPY)': (sent) => readMoney(sent, 'JPY'),
  ip: readIp,
  url: readUrl,
  time: (sent) => readTime(sent),
  'time, unit s': (sent) => readTime(sent, { unit: 's' }),
  'time, zone America/Chicago': (sent) => readTime(sent, { zone: 'America/Chicago' }),
  'first name': readFirstName,
  'last name': readName,
  'full name': (sent) => {
    const { value, ...rest } = readFullName(sent);
    if (value === undefined) return rest;
    const parts = Object.entries(value).filter(([, part]) => part !== undefined);
    return { ...rest, value: parts.map(([name, part]) => `${name}=${part}`).join('|') };
  },
  list: readList,
};

const unescape = (text: string): string =>
  text
    .replace(/\\u([0-9a-f]{4})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replaceAll('\\n', '\n')
    .replaceAll('\\r', '\r');

interface Row {
  field: string;
  sent: string;
  wanted: string;
  why: string;
}

const rows = readFileSync(join(import.meta.dirname, 'normalise.tsv'), 'utf8')
  .split('\n')
  .slice(1)
  .filter((line) => line !== '')
  .map((line): Row => {
    const [field = '', sent = '', wanted = '', why = ''] = line.split('\t');
    return { field, sent: unescape(sent), wanted: unescape(wanted), why };
  });

function meaning({ value, note }: Reading<FieldValue>): string {
  if (value !== undefined) return Array.isArray(value) ? value.join(', ') : value;
  return note === undefined ? '(blank)' : '(keep)';
}

const readerOf = (field: string): Reader => {
  const reader = READERS[field];
  if (reader === undefined)
    throw new Error(`normalise.tsv has the field ${field}, which this test has no reader for`);
  return reader;
};

describe('an input of a source', () => {
  test.each(rows)('$field $sent means $wanted ($why)', ({ field, sent, wanted }) => {
    const reading = readerOf(field)(sent);
    expect(meaning(reading)).toBe(wanted);
    expect(reading.original).toBe(sent);
  });

  /** Options of a source (order, unit, zone, decoding) apply to its input. A normal form has only one reading. */
  const withNormalForm = rows.filter(
    ({ field, wanted }) => !wanted.startsWith('(') && !/^full name|^list|decode html/.test(field),
  );
  test.each(withNormalForm)('a normal form stays as it is: $field $wanted', ({ field, sent }) => {
    const { value = '' } = readerOf(field)(sent);
    expect(readerOf(field)(String(value)).value).toBe(value);
  });

  test.each(rows.filter(({ wanted, sent }) => wanted === '(keep)' && sent.trim().length > 3))(
    'a note never repeats the value: $field $sent',
    ({ field, sent }) => {
      expect(readerOf(field)(sent).note).not.toContain(sent.trim());
    },
  );
});
