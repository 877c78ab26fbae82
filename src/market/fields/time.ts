import { wallTimeToUtc } from '../calendar/zone.js';
import { monthOf, twoDigits } from './date.js';
import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

export interface TimeHints {
  /** An IANA zone for times that come without an offset. */
  zone?: string;
  /** The unit of numbers since 1970-01-01 UTC; 13 digits are always milliseconds. */
  unit?: 's' | 'ms';
}

/** Zones that have a fixed offset by name (RFC 5322, section 4.3), minutes. */
const NAMED: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
};

const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const OFFSET = String.raw`(?:\s*(?:(z|ut|utc|gmt|[ecmp][sd]t)?\s*([+-]\d{2}(?::?\d{2})?)?(?:\s*\([^()]*\))?))`;

/** `2026-11-24T14:33:05-06:00`, and the ways in which programs depart from it. */
const ISO = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})(?:t|\\s+)${CLOCK}${OFFSET}$`, 'i');
/** `Tue, 24 Nov 2026 20:33:05 GMT` (RFC 5322) */
const RFC = new RegExp(`^(?:[a-z]{3},?\\s+)?(\\d{1,2})\\s+([a-z]{3})\\s+(\\d{4})\\s+${CLOCK}${OFFSET}$`, 'i');
/** `Tue Nov 24 2026 14:33:05 GMT-0600 (Central Standard Time)` (JavaScript's toString) */
const JS_TEXT = new RegExp(
  `^[a-z]{3},?\\s+([a-z]{3})\\s+(\\d{1,2}),?\\s+(\\d{4})\\s+${CLOCK}${OFFSET}$`,
  'i',
);

interface Parts {
  year: string;
  month: number;
  day: string;
  clock: (string | undefined)[];
  name?: string;
  offset?: string;
}

/**
 * A point in time, in UTC: `2026-11-24T20:33:05Z`, with milliseconds if there are any. A time without an offset is no
 * point in time unless the source's zone is known.
 */
export function readTime(sent: string, hints: TimeHints = {}): Reading {
  return readTypedText(sent, 'not a date and time with its offset from UTC', (text) => {
    const at = counted(text, hints) ?? written(text, hints);
    return at === undefined || at > LAST ? undefined : formatTime(at);
  });
}

/** The last moment of a year with four digits. */
const LAST = Date.UTC(10_000) - 1;

const formatTime = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

function counted(text: string, { unit }: TimeHints): number | undefined {
  if (/^\d{13}$/.test(text)) return Number(text);
  if (unit === undefined || !/^\d{1,14}(?:\.\d+)?$/.test(text)) return undefined;
  return Math.floor(Number(text) * (unit === 's' ? 1000 : 1));
}

function written(given: string, { zone }: TimeHints): number | undefined {
  const text = given
    .replace(/\u2212(?=\d{2}:?\d{0,2}$)/, '-')
    // A form's encoding makes a space of the plus sign.
    .replace(/(:\d{2}(?:\.\d+)?) (?=\d{2}:?\d{2}$)/, '$1+')
    // RFC 9557 names the zone once more behind the offset.
    .replace(/\[[\w+\-/=!]+\]$/, '')
    // ISO 8601's basic form, and the order of `date` and Java.
    .replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})/, '$1-$2-$3T$4:$5:$6')
    .replace(/^([a-z]{3} [a-z]{3} +\d{1,2}) ([\d:]{8}) ([a-z]{3,4}) (\d{4})$/i, '$1 $4 $2 $3');
  const parts = partsOf(text);
  const wall = parts && wallOf(parts);
  if (parts === undefined || wall === undefined) return undefined;
  if (parts.name === undefined && parts.offset === undefined)
    return zone === undefined ? undefined : wallTimeToUtc(zone, wall, wall - 86_400_000);
  const offset = offsetOf(parts);
  return offset === undefined ? undefined : wall - offset * 60_000;
}

function partsOf(text: string): Parts | undefined {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year = '', month, day = '', ...rest] = iso;
    return { year, month: Number(month), day, ...tail(rest) };
  }
  const rfc = RFC.exec(text);
  if (rfc) {
    const [, day = '', month = '', year = '', ...rest] = rfc;
    return { year, month: monthOf(month), day, ...tail(rest) };
  }
  const js = JS_TEXT.exec(text);
  if (!js) return undefined;
  const [, month = '', day = '', year = '', ...rest] = js;
  return { year, month: monthOf(month), day, ...tail(rest) };
}

const tail = (rest: (string | undefined)[]): Pick<Parts, 'clock' | 'name' | 'offset'> => ({
  clock: rest.slice(0, 4),
  name: rest[4],
  offset: rest[5],
});

/** The date and time as the ms at which a clock on UTC shows them; undefined if there is no such day or hour. */
function wallOf({ year, month, day, clock }: Parts): number | undefined {
  const [hour, minute, second = '00', fraction = ''] = clock;
  const text = `${year}-${twoDigits(month)}-${twoDigits(day)}T${twoDigits(hour)}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString() === text ? at : undefined;
}

/** Minutes ahead of UTC. A named zone before digits (`GMT-0600`) is the digits' own prefix. */
function offsetOf({ name, offset }: Parts): number | undefined {
  if (offset === undefined) return name === undefined ? undefined : NAMED[name.toLowerCase()];
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  const ahead = Number(hours) * 60 + Number(minutes);
  // No clock on earth is further from UTC.
  if (Number(minutes) > 59 || ahead > 14 * 60) return undefined;
  return sign === '-' ? -ahead : ahead;
}
