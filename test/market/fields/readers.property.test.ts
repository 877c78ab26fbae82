import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBoolean, readList } from '../../../src/market/fields/choices.js';
import { readBirthDate, readDate } from '../../../src/market/fields/date.js';
import { readEmail } from '../../../src/market/fields/email.js';
import { readFirstName, readName } from '../../../src/market/fields/name.js';
import { readMoney, readNumber } from '../../../src/market/fields/number.js';
import { readPhone } from '../../../src/market/fields/phone.js';
import { boundsOf, readRange } from '../../../src/market/fields/range.js';
import type { Reading } from '../../../src/market/fields/reading.js';
import { readState } from '../../../src/market/fields/state.js';
import { readCustom, readText } from '../../../src/market/fields/text.js';
import { readTime } from '../../../src/market/fields/time.js';
import { readIp, readUrl } from '../../../src/market/fields/web.js';
import { readZip } from '../../../src/market/fields/zip.js';
import { processorClock } from '../../support/processorClock.js';

const NOW = Date.UTC(2026, 10, 28);

const readers: [string, (sent: string) => Reading<unknown>][] = [
  ['phone', (sent) => readPhone(sent)],
  ['state', readState],
  ['zip', readZip],
  ['email', (sent) => readEmail(sent)],
  ['boolean', readBoolean],
  ['date', (sent) => readDate(sent, NOW)],
  ['date of birth', (sent) => readBirthDate(sent, NOW)],
  ['number', readNumber],
  ['money', (sent) => readMoney(sent, 'USD')],
  ['range', readRange],
  ['ip', readIp],
  ['url', readUrl],
  ['time', (sent) => readTime(sent)],
  ['first name', readFirstName],
  ['last name', readName],
  ['text', (sent) => readText(sent)],
  ['custom field', readCustom],
];

/** Any text, and texts made of the patterns that the readers look for. */
const sent = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(...'0123456789+-() .,/:;@xextTZaeE$%k<>#|&\u200b\u00a0'.split('')),
    maxLength: 40,
  }),
  fc
    .array(
      fc.constantFrom(
        'Doe',
        'JOHN',
        'van',
        'Mr.',
        ',',
        '-',
        'Mar',
        '7',
        '1985',
        'to',
        'TX',
        'Texas',
        '(',
        ')',
        'or more',
      ),
      { maxLength: 8 },
    )
    .map((words) => words.join(' ')),
);

describe.each(readers)('the reader of a %s', (_name, read) => {
  test('leaves a normal form as it is', () => {
    fc.assert(
      fc.property(sent, (text) => {
        const { value } = read(text);
        if (typeof value === 'string') expect(read(value).value).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  test('accepts any text, keeps it, and does not repeat it in its note', () => {
    fc.assert(
      fc.property(sent, (text) => {
        const reading = read(text);
        expect(reading.original).toBe(text);
        if (text.trim().length > 12) expect(reading.note ?? '').not.toContain(text.trim());
      }),
      { numRuns: 1000 },
    );
  });

  test('reads a long text of any shape quickly', () => {
    for (const unit of ['1', '1 ', '1,', 'a ', 'a@', '(', '1-', 'x1', '\u200d', 'jan ', '://', '1 year ']) {
      const spent = processorClock();
      read(unit.repeat(Math.floor(10_000 / unit.length)));
      read(unit.repeat(Math.floor(490 / unit.length)));
      expect(spent()).toBeLessThan(100);
    }
  });
});

test('all spellings of one national number are the same number', () => {
  const digits = fc.integer({ min: 0, max: 9999 }).map((line) => `214555${String(line).padStart(4, '0')}`);
  const spelling = fc.constantFrom<(number: string) => string>(
    (n) => `(${n.slice(0, 3)}) ${n.slice(3, 6)}-${n.slice(6)}`,
    (n) => `1-${n}`,
    (n) => `001${n}`,
    (n) => `${n}.0`,
    (n) => `+${n}`,
    (n) => `0 ${n.slice(0, 3)} ${n.slice(3)}`,
    (n) => `tel:+1-${n.slice(0, 3)}-${n.slice(3)}`,
    (n) => `${n} x12`,
    (n) => `Home: ${n}`,
  );
  fc.assert(
    fc.property(digits, spelling, (number, spell) => {
      expect(readPhone(spell(number)).value?.split(';')[0]).toBe(`+1${number}`);
    }),
  );
});

test('a range of two numbers has the lower one first', () => {
  const number = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(number, number, fc.constantFrom('-', ' to ', ' – ', '..'), (a, b, to) => {
      const { min, max } = boundsOf(readRange(`${a}${to}${b}`).value ?? '');
      expect([min, max]).toEqual([Math.min(a, b), Math.max(a, b)]);
    }),
  );
});

test('every date is read back from each notation', () => {
  const day = fc.date({ min: new Date('1910-01-01'), max: new Date('2026-11-01'), noInvalidDate: true });
  fc.assert(
    fc.property(day, (date) => {
      const iso = date.toISOString().slice(0, 10);
      const [year = '', month = '', dayOfMonth = ''] = iso.split('-');
      const name = date.toLocaleString('en-US', { month: 'long', timeZone: 'UTC' });
      for (const text of [
        iso,
        `${month}/${dayOfMonth}/${year}`,
        `${dayOfMonth}.${month}.${year}`,
        `${name} ${Number(dayOfMonth)}, ${year}`,
        date.toUTCString(),
        `${month}${dayOfMonth}${year}`,
      ])
        expect(readDate(text, NOW).value).toBe(iso);
    }),
  );
});

test('a list is read in linear time, however much space is in it', () => {
  const spent = processorClock();
  expect(readList(`roof${' '.repeat(100_000)}| solar`).value).toEqual(['roof', 'solar']);
  expect(spent()).toBeLessThan(1000);
});

test('a list keeps each choice once, in order', () => {
  const choice = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => readCustom(text).value !== undefined);
  fc.assert(
    fc.property(
      fc.array(choice, { minLength: 1 }),
      fc.constantFrom('|', ';', '\n', '||'),
      (choices, between) => {
        expect(readList(choices.join(between)).value).toEqual([...new Set(choices)]);
      },
    ),
  );
});
