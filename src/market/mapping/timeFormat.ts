import { monthOf, twoDigits } from '../fields/date.js';

/** The parts of a date and time that a format can name, each with the text that it stands for. */
const TOKENS: Readonly<Record<string, string>> = {
  YYYY: String.raw`(?<year>\d{4})`,
  MMMM: String.raw`(?<monthName>[A-Za-z]{3,9})`,
  MMM: String.raw`(?<monthName>[A-Za-z]{3,4})\.?`,
  MM: String.raw`(?<month>\d{2})`,
  M: String.raw`(?<month>\d{1,2})`,
  DD: String.raw`(?<day>\d{2})`,
  D: String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`,
  HH: String.raw`(?<hour>\d{2})`,
  H: String.raw`(?<hour>\d{1,2})`,
  hh: String.raw`(?<hour>\d{2})`,
  h: String.raw`(?<hour>\d{1,2})`,
  mm: String.raw`(?<minute>\d{2})`,
  ss: String.raw`(?<second>\d{2})`,
  SSS: String.raw`(?<ms>\d{3})`,
  A: String.raw`(?<half>[AaPp]\.?[Mm]\.?)`,
  a: String.raw`(?<half>[AaPp]\.?[Mm]\.?)`,
  Z: String.raw`(?<offset>Z|[+-]\d{2}:?\d{2})`,
  UTC: '(?<utc>UTC)',
  GMT: '(?<gmt>GMT)',
};

/** The longest first; `[T]` is the text between the brackets. */
const PARTS = /\[[^[\]]*\]|YYYY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSS|UTC|GMT|A|a|Z|\s+|[^]/g;

/** Reads a text of a format and writes it as ISO 8601: a date, or a date and time with its offset if it has one. */
export type FormatReader = (text: string) => string | undefined;

/**
 * Makes the reader of a format such as `MM/DD/YYYY h:mm A` (the tokens of Moment.js and Day.js). Any amount of space
 * fits a space. The reader takes linear time, because every token has a fixed number of characters.
 * @returns the reader, or what is wrong with the format, with a remedy
 */
export function formatReader(format: string): FormatReader | { problem: string } {
  const parts = format.trim().match(PARTS) ?? [];
  const pattern = parts.map((part) => TOKENS[part] ?? literal(part)).join('');
  const names = [...pattern.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name ?? '');
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) return { problem: `has the ${twice} twice; write each part once` };
  const stray = parts.find((part) => /^[A-Za-z]$/.test(part) && TOKENS[part] === undefined);
  if (stray !== undefined)
    return {
      problem: `has "${stray}", which is no part of a date or time; put text in brackets, like [${stray}]`,
    };
  if (!names.includes('day') || !names.includes('year') || !names.some((name) => name.startsWith('month')))
    return { problem: 'lacks day, month or year; write it like MM/DD/YYYY or YYYY-MM-DD hh:mm A' };
  const expression = new RegExp(`^${pattern}$`);
  return (text) => {
    const groups = expression.exec(text.trim())?.groups;
    return groups && isoOf(groups);
  };
}

const literal = (part: string): string => {
  if (/^\s/.test(part)) return String.raw`\s+`;
  const text = part.startsWith('[') && part.endsWith(']') ? part.slice(1, -1) : part;
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
};

type Groups = Readonly<Record<string, string | undefined>>;

function isoOf({ year, monthName, month, day, utc, gmt, offset, ...clock }: Groups): string | undefined {
  const number = monthName === undefined ? Number(month) : monthOf(monthName);
  const date = `${year}-${twoDigits(number)}-${twoDigits(day)}`;
  const { hour: written, minute = '00', second = '00', ms } = clock;
  if (written === undefined) return date;
  const hour = hourOf(Number(written), clock.half);
  if (hour === undefined) return undefined;
  const fraction = ms === undefined ? '' : `.${ms}`;
  return `${date}T${twoDigits(hour)}:${minute}:${second}${fraction}${(utc ?? gmt) === undefined ? (offset ?? '') : 'Z'}`;
}

/** The hour of 24; undefined for one that a clock of 12 hours does not have. */
function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (/^p/i.test(half) ? 12 : 0);
}
