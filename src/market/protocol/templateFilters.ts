import { readBoolean } from '../fields/choices.js';
import { ageOn, todayIn } from '../fields/date.js';
import { amountIn } from '../fields/number.js';
import { boundsOf, readRange } from '../fields/range.js';
import { zip5 } from '../fields/zip.js';
import { minorDigits } from '../money.js';
import { nearest } from '../nearest.js';
import { formatDate, isDateFormat, isTimeZone } from './dateFormat.js';
import type { Scope } from './scope.js';
import { ProtocolFault } from './protocolFault.js';
import type { Scalar } from '../model/protocol.js';
import { isBlank, textOfValue, wellFormed, type Value } from './values.js';
import { escapeXml, xmlText } from './xmlText.js';

/** Changes one value. A blank value stays blank, except for `default` and `lookup`. */
export type Filter = (value: Value, scope: Scope) => Value;

/** Filters that escape a value for its place; `raw` leaves it as it is. */
export const ESCAPES: readonly string[] = ['xml', 'url', 'json', 'raw'];

interface Definition {
  /** How many arguments it takes, at least and at most. */
  takes: readonly [least: number, most: number];
  like: string;
  /** @throws ProtocolFault if an argument has no meaning */
  make: (args: readonly Scalar[]) => Filter;
}

/** A filter of texts, without arguments. */
const simple = (like: string, change: (text: string, scope: Scope) => Value): Definition => ({
  takes: [0, 0],
  like,
  make: () => onText(change),
});

/** Changes each text of a value that is not blank. */
const onText =
  (change: (text: string, scope: Scope) => Value): Filter =>
  (value, scope) =>
    isBlank(value) ? undefined : change(textOfValue(value), scope);

const eachText =
  (change: (text: string) => string): Filter =>
  (value) => {
    if (value === undefined) return undefined;
    return typeof value === 'object' ? value.map(change) : change(String(value));
  };

const FILTERS: Readonly<Record<string, Definition>> = {
  upper: { takes: [0, 0], like: 'upper', make: () => eachText((text) => text.toUpperCase()) },
  lower: { takes: [0, 0], like: 'lower', make: () => eachText((text) => text.toLowerCase()) },
  default: {
    takes: [1, 1],
    like: 'default: "0"',
    make:
      ([fallback]) =>
      (value) =>
        isBlank(value) ? fallback : value,
  },
  lookup: { takes: [2, 101], like: 'lookup: "Own", "yes", "Rent", "no"', make: lookup },
  slice: {
    takes: [1, 2],
    like: 'slice: 0, 5',
    make: ([from, length]) => {
      const start = whole(from, 'slice: 0, 5');
      const count = length === undefined ? undefined : whole(length, 'slice: 0, 5');
      return onText((text) => {
        const characters = Array.from(text);
        const begin = start < 0 ? Math.max(0, characters.length + start) : start;
        return characters.slice(begin, count === undefined ? undefined : begin + Math.max(0, count)).join('');
      });
    },
  },
  truncate: {
    takes: [1, 1],
    like: 'truncate: 50',
    make: ([most]) => {
      const length = whole(most, 'truncate: 50');
      return onText((text) => Array.from(text).slice(0, Math.max(0, length)).join(''));
    },
  },
  digits: simple('digits', (text) => text.replace(/\D/g, '')),
  ascii: { takes: [0, 0], like: 'ascii', make: () => eachText(ascii) },
  phone: { takes: [1, 2], like: 'phone: "national"', make: phone },
  date: {
    takes: [1, 2],
    like: 'date: "MM/DD/YYYY"',
    make: ([format, zone]) => {
      const [form, timezone] = [String(format), zone === undefined ? 'UTC' : String(zone)];
      if (!isDateFormat(form))
        throw new ProtocolFault(
          `"${form}" is not a form of dates; write it with YYYY, YY, MM, M, DD, D, HH, hh, mm, ss, A: date: "MM/DD/YYYY"`,
        );
      if (!isTimeZone(timezone))
        throw new ProtocolFault(`"${timezone}" is not an IANA time zone; write it like "America/Chicago"`);
      return onText((text) => formatDate(text, form, timezone));
    },
  },
  age: simple('age', (text, { now }) => {
    const age = /^\d{4}-\d\d-\d\d/.test(text) ? ageOn(text.slice(0, 10), todayIn('UTC', now)) : -1;
    return age < 0 ? undefined : age;
  }),
  zip5: simple('zip5', zip5),
  number: simple('number', (text) => {
    const plain = /^-?\d+(?:\.\d+)?$/.test(text.trim()) ? text.trim() : amountIn(text);
    const number = plain === undefined ? NaN : Number(plain);
    return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined;
  }),
  boolean: {
    takes: [0, 2],
    like: 'boolean: "Y", "N"',
    make: (args) => {
      if (args.length === 1) throw new ProtocolFault('boolean needs both words: boolean: "Y", "N"');
      const [yes = true, no = false] = args;
      return onText((text) => {
        const { value } = readBoolean(text);
        return value === undefined ? undefined : value === 'yes' ? yes : no;
      });
    },
  },
  range_min: simple('range_min', (text) => bound(text, 'min')),
  range_max: simple('range_max', (text) => bound(text, 'max')),
  money: {
    takes: [1, 1],
    like: 'money: "cents"',
    make: ([form]) => {
      if (form !== 'cents' && form !== 'plain')
        throw new ProtocolFault(`money is written as cents or plain, not "${String(form)}"`);
      return onText((text, { currency }) => money(text, form, currency));
    },
  },
  sha256: simple('sha256', (text, { digest }) => digest('sha256', text)),
  sha1: simple('sha1', (text, { digest }) => digest('sha1', text)),
  md5: simple('md5', (text, { digest }) => digest('md5', text)),
  base64: simple('base64', (text) => Buffer.from(text).toString('base64')),
  url: { takes: [0, 0], like: 'url', make: () => eachText(escapeUrl) },
  xml: { takes: [0, 0], like: 'xml', make: () => eachText((text) => escapeXml(xmlText(text))) },
  json: { takes: [0, 0], like: 'json', make: () => eachText((text) => JSON.stringify(text).slice(1, -1)) },
  raw: { takes: [0, 0], like: 'raw', make: () => (value) => value },
};

/** @throws ProtocolFault if there is no such filter, or its arguments have no meaning */
export function compileFilter(name: string, args: readonly Scalar[]): Filter {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (filter === undefined) {
    const known = Object.keys(FILTERS);
    const meant = nearest(name, known);
    const hint = meant === undefined ? `the filters are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw new ProtocolFault(`there is no filter "${name}"; ${hint}`);
  }
  const [least, most] = filter.takes;
  if (args.length < least || args.length > most)
    throw new ProtocolFault(`the filter ${name} has ${args.length} arguments; write it like ${filter.like}`);
  return filter.make(args);
}

/** Pairs of label and value, and a last one for everything else. Labels are compared trimmed and without case. */
function lookup(args: readonly Scalar[]): Filter {
  const key = (text: string): string => text.trim().toLowerCase();
  const pairs = new Map<string, Scalar>();
  for (let i = 0; i + 1 < args.length; i += 2) pairs.set(key(String(args[i])), args[i + 1] ?? '');
  const rest = args.length % 2 === 1 ? args.at(-1) : undefined;
  return (value) => (isBlank(value) ? rest : (pairs.get(key(textOfValue(value))) ?? rest));
}

function whole(argument: Scalar | undefined, like: string): number {
  if (typeof argument !== 'number' || !Number.isInteger(argument))
    throw new ProtocolFault(`"${String(argument)}" is not a whole number; write it like ${like}`);
  return argument;
}

const PHONE_FORMS = ['national', 'e164', 'dashes', 'parts'];

/** A number in E.164, as buyers write it. Forms without a country are for North American numbers. */
function phone([form, part]: readonly Scalar[]): Filter {
  if (!PHONE_FORMS.includes(String(form)))
    throw new ProtocolFault(`"${String(form)}" is not a form of phones; they are ${PHONE_FORMS.join(', ')}`);
  if ((part !== undefined && form !== 'parts') || (part !== undefined && ![1, 2, 3].includes(Number(part))))
    throw new ProtocolFault('only parts has a number behind it, from 1 to 3: phone: "parts", 1');
  return onText((text) => {
    const number = text.replace(/;.*$/, '');
    if (form === 'e164') return number;
    const digits = number.replace(/\D/g, '');
    const local = /^1?(\d{3})(\d{3})(\d{4})$/.exec(digits)?.slice(1);
    if (local === undefined) return digits;
    if (form === 'national') return local.join('');
    if (form === 'dashes') return local.join('-');
    return part === undefined ? local.join(' ') : local[Number(part) - 1];
  });
}

function bound(text: string, side: 'min' | 'max'): Value {
  const range = readRange(text).value;
  return range === undefined ? undefined : boundsOf(range)[side];
}

function money(text: string, form: 'cents' | 'plain', currency: string): Value {
  const plain = /^\d+(?:\.\d+)?$/.test(text) ? text : amountIn(text);
  if (plain === undefined) return undefined;
  const digits = minorDigits(currency);
  const amount = Number(plain).toFixed(digits);
  return form === 'plain' ? amount : Math.round(Number(amount) * 10 ** digits);
}

/** What a URL or a form has for a value. */
export const escapeUrl = (text: string): string =>
  encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const PLAIN: readonly [RegExp, string][] = [
  [/[\u2018\u2019\u201A\u2032]/g, "'"],
  [/[\u201C\u201D\u201E\u2033]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, '-'],
  [/\u2026/g, '...'],
  [/\u00DF/g, 'ss'],
  [/[\u00C6\u00E6]/g, 'ae'],
  [/[\u00D8\u00F8]/g, 'o'],
  [/[\u0141\u0142]/g, 'l'],
];

/** For servers that read nothing else: accents are dropped, other characters left out. */
function ascii(text: string): string {
  const plain = PLAIN.reduce((done, [from, to]) => done.replace(from, to), text);
  return plain
    .normalize('NFKD')
    .replace(/[\u0300-\u036F]/g, '')
    .replace(/[^\n\t\x20-\x7E]/g, '');
}
