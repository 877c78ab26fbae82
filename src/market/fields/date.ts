import { parseDate } from '../calendar/days.js';
import { wallTime } from '../calendar/zone.js';
import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

export const DATE_ORDERS = ['mdy', 'dmy', 'ymd', 'mdy!', 'dmy!'] as const;
export const EPOCH_UNITS = ['s', 'ms'] as const;

/** How a source writes its dates. A hint matters only if a date has more than one reading. */
export interface DateHints {
  /**
   * The order of day, month and year between slashes; default `mdy`. With `!` it also applies to dots, and no other
   * order is tried.
   */
  order?: (typeof DATE_ORDERS)[number];
  /** Numbers are days of a spreadsheet, counted from 1899-12-30. */
  format?: 'excel';
  /** Numbers are seconds or milliseconds since 1970-01-01 UTC. */
  unit?: (typeof EPOCH_UNITS)[number];
  /** The time zone that turns such a number into a day (IANA); default UTC. */
  zone?: string;
}

const DAY_MS = 86_400_000;
/** The latest date that is accepted. */
const LATEST_MS = Date.UTC(2200, 11, 31);
const EXCEL_EPOCH = Date.UTC(1899, 11, 30);

/** Months by the first three letters of their names. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The number of a month by its name or the first three letters of it; 0 if there is no such month. */
export const monthOf = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;

/** `03`: a part of a date or time as ISO 8601 writes it. */
export const twoDigits = (part: string | number | undefined): string => String(part).padStart(2, '0');

const NAMES = String.raw`(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)`;
const WEEKDAY = String.raw`(?:(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?)(?:day)?\.?,?\s+)?`;
const DAY = String.raw`(\d{1,2})(?:st|nd|rd|th)?`;
const YEAR = String.raw`(\d{4}|\d{2}|'\d{2})`;

const MONTH_FIRST = new RegExp(`^${WEEKDAY}${NAMES}[\\s.,-]+${DAY}[\\s,-]+${YEAR}$`, 'i');
const DAY_FIRST = new RegExp(`^${WEEKDAY}${DAY}[\\s.-]*(?:of\\s+)?${NAMES}[\\s.,-]+${YEAR}$`, 'i');
const YEAR_FIRST = new RegExp(`^(\\d{4})[\\s.-]+${NAMES}[\\s.-]+${DAY}$`, 'i');

/** A time of day after a date, with the rest of the text. */
const TIME_BEHIND = /(?:T|[\s,]+(?:at\s+)?)\d{1,2}(?::\d{2}.*|\s*[ap]\.?m\.?)$/is;

interface Parts {
  year: string;
  month: number;
  day: number;
}

/** The full year of a two-digit year; undefined if it is not certain. */
type Century = (year: number, month: number, day: number) => number | undefined;

/** The day of a date as written, `1985-03-07`: never moved by a time zone. @param now UTC ms */
export function readDate(sent: string, now: number, hints: DateHints = {}): Reading {
  return readTypedText(sent, 'not a date', (text) => {
    if (isEmptyDate(text)) return {};
    return dateIn(text, hints, nearestCentury(now));
  });
}

/** Ages between which a two-digit birth year is accepted, years. */
const OLDEST_GUESSED = 100;
const YOUNGEST_GUESSED = 16;
/** No living person is older, years. */
const OLDEST = 120;

/**
 * A date of birth, likewise: in the past, and of a living person. A two-digit year is that of a person of 16 to 100.
 */
export function readBirthDate(sent: string, now: number, hints: DateHints = {}): Reading {
  return readTypedText(sent, 'not a date of birth', (text) => {
    if (isEmptyDate(text)) return {};
    const date = dateIn(text, hints, centuryOfAdult(now));
    const age = date === undefined ? -1 : ageOn(date, new Date(now).toISOString().slice(0, 10));
    return age < 0 || age > OLDEST ? undefined : date;
  });
}

/** Full years between two days in normal form; negative if the first is the later one. */
export function ageOn(birthDate: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** The day that the clocks of a time zone show, in normal form. @param now UTC ms */
export const todayIn = (timezone: string, now: number): string =>
  new Date(wallTime(timezone, now)).toISOString().slice(0, 10);

/** `00/00/0000`, as databases write no date. */
const isEmptyDate = (text: string): boolean => /^0{1,4}([-/.]?)0{1,2}\1?0{1,4}(?:[T ]00:00.*)?$/.test(text);

function dateIn(given: string, hints: DateHints, century: Century): string | undefined {
  // XML Schema's dates have a zone, which does not change the day here.
  const text = given
    .replace(TIME_BEHIND, '')
    .replace(/^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})$/i, '$1')
    .trim();
  return (
    counted(text, hints) ??
    named(text, century) ??
    between(text, hints, century) ??
    (hints.unit || hints.format ? undefined : compact(text, hints))
  );
}

/** A number that a hint gives a meaning. */
function counted(text: string, { unit, format, zone = 'UTC' }: DateHints): string | undefined {
  if (!/^\d{1,14}(?:\.\d+)?$/.test(text)) return undefined;
  if (format === 'excel' && Number(text) < 100_000)
    return dayText(EXCEL_EPOCH + Math.floor(Number(text)) * DAY_MS);
  if (unit === undefined) return undefined;
  const ms = Math.floor(Number(text)) * (unit === 's' ? 1000 : 1);
  return ms > LATEST_MS ? undefined : dayText(wallTime(zone, ms));
}

const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** With the month's name; the day of the week is not checked. */
function named(text: string, century: Century): string | undefined {
  const [, monthFirst, day1, year1] = MONTH_FIRST.exec(text) ?? [];
  const [, day2, dayFirst, year2] = DAY_FIRST.exec(text) ?? [];
  const [, year3, yearFirst, day3] = YEAR_FIRST.exec(text) ?? [];
  const name = monthFirst ?? dayFirst ?? yearFirst;
  if (name === undefined) return undefined;
  const month = monthOf(name);
  const year = (year1 ?? year2 ?? year3 ?? '').replace("'", '');
  return valid({ year, month, day: Number(day1 ?? day2 ?? day3) }, century);
}

/** Three numbers with separators between them. */
function between(text: string, { order = 'mdy' }: DateHints, century: Century): string | undefined {
  const [, a = '', separator = '', b = '', c = ''] =
    /^(\d{1,4})\s*([-/. \u2010-\u2015])\s*(\d{1,2})\s*\2\s*(\d{1,4})$/u.exec(text) ?? [];
  if (separator === '') return undefined;
  if (a.length === 4) return valid({ year: a, month: Number(b), day: Number(c) }, century);
  if (a.length === 3 || c.length === 3) return undefined;
  if (order === 'ymd' && c.length <= 2) return valid({ year: a, month: Number(b), day: Number(c) }, century);
  if (c.length === 1) return undefined;
  const isStrict = order.endsWith('!');
  const dayFirst = separator === '.' && !isStrict ? true : order.startsWith('dmy');
  const [first, second] = [Number(a), Number(b)];
  const read = (isDayFirst: boolean): string | undefined =>
    valid({ year: c, month: isDayFirst ? second : first, day: isDayFirst ? first : second }, century);
  // The other reading counts only if the first one has no such month.
  const hasNoMonth = (dayFirst ? second : first) > 12;
  return isStrict || !hasNoMonth ? read(dayFirst) : read(!dayFirst);
}

/** Eight digits: year first if that is a date of this age, else as the order says. */
function compact(text: string, { order = 'mdy' }: DateHints): string | undefined {
  if (!/^\d{8}$/.test(text)) return undefined;
  const never: Century = () => undefined;
  const at = (from: number, length: number): string => text.slice(from, from + length);
  const yearFirst = valid({ year: at(0, 4), month: Number(at(4, 2)), day: Number(at(6, 2)) }, never);
  if (yearFirst !== undefined) return yearFirst;
  const [first, second] = [Number(at(0, 2)), Number(at(2, 2))];
  const [month, day] = order.startsWith('dmy') ? [second, first] : [first, second];
  return valid({ year: at(4, 4), month, day }, never);
}

/** The day in normal form. Undefined if there is no such day: it does not roll over into the next month. */
function valid({ year, month, day }: Parts, century: Century): string | undefined {
  const full = year.length === 2 ? century(Number(year), month, day) : Number(year);
  if (full === undefined || full < 1800 || full > 2200) return undefined;
  const text = `${full}-${twoDigits(month)}-${twoDigits(day)}`;
  return parseDate(text) === undefined ? undefined : text;
}

/** From 80 years ago to 19 years ahead. */
function nearestCentury(now: number): Century {
  const first = new Date(now).getUTCFullYear() - 80;
  return (year) => first + ((((year - first) % 100) + 100) % 100);
}

/** The century in which a person born then has a plausible age, if there is only one. */
function centuryOfAdult(now: number): Century {
  const today = new Date(now).toISOString().slice(0, 10);
  return (year, month, day) => {
    const likely = [1900, 2000].filter((century) => {
      const age = ageOn(`${century + year}-${twoDigits(month)}-${twoDigits(day)}`, today);
      return age >= YOUNGEST_GUESSED && age <= OLDEST_GUESSED;
    });
    const [only] = likely;
    return likely.length === 1 && only !== undefined ? only + year : undefined;
  };
}
