import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEmail } from '../../../src/market/fields/email.js';
import { readPhone } from '../../../src/market/fields/phone.js';
import type { FieldValue, Reading } from '../../../src/market/fields/reading.js';
import { readState } from '../../../src/market/fields/state.js';
import { readCustom, readText } from '../../../src/market/fields/text.js';
import { readZip } from '../../../src/market/fields/zip.js';

/*
 * normalise.tsv: field, what was sent, what it means, why. `(blank)` counts as not sent; `(keep)` can't be read with
 * certainty. \uXXXX, \n and \r stand for what can't be seen.
 */

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

describe('what sources write', () => {
  test.each(rows)('$field $sent means $wanted ($why)', ({ field, sent, wanted }) => {
    const reading = readerOf(field)(sent);
    expect(meaning(reading)).toBe(wanted);
    expect(reading.original).toBe(sent);
  });

  test.each(rows.filter(({ wanted }) => wanted !== '(blank)' && wanted !== '(keep)'))(
    'a normal form stays as it is: $field $wanted',
    ({ field, sent }) => {
      // How a source writes (its units, its decoding) is said of what it sends, not of the normal form.
      const again = readerOf(field.replace(/, (?:unit|format|decode) .*/, ''));
      const { value = '' } = readerOf(field)(sent);
      if (Array.isArray(value) || field.startsWith('text, decode')) return;
      expect(again(value).value).toBe(value);
    },
  );

  test.each(rows.filter(({ wanted, sent }) => wanted === '(keep)' && sent.trim().length > 3))(
    'a note never repeats the value: $field $sent',
    ({ field, sent }) => {
      expect(readerOf(field)(sent).note).not.toContain(sent.trim());
    },
  );
});
