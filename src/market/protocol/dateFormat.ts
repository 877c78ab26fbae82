import { parseIsoTime } from '../calendar/isoTime.js';
import { wallTime } from '../calendar/zone.js';

const TOKENS = /YYYY|YY|MM|M|DD|D|HH|H|hh|h|mm|ss|A/g;

/** Letters that are no token would be copied: most likely a mistake. */
export const isDateFormat = (format: string): boolean =>
  format.length <= 40 && !/[A-Za-z]/.test(format.replace(TOKENS, '').replace(/[TZ]/g, ''));

export function isTimeZone(zone: string): boolean {
  try {
    wallTime(zone, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * A date or time in normal form (ISO 8601), as a buyer writes it. A date alone is never moved by a zone.
 * @returns undefined if it is not in normal form
 */
export function formatDate(text: string, format: string, zone: string): string | undefined {
  const at = parseIsoTime(text.trim());
  if (at === undefined) return undefined;
  const wall = new Date(text.includes('T') ? wallTime(zone, at.getTime()) : at.getTime());
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour = wall.getUTCHours();
  const parts: Readonly<Record<string, string>> = {
    YYYY: String(wall.getUTCFullYear()),
    YY: two(wall.getUTCFullYear() % 100),
    MM: two(wall.getUTCMonth() + 1),
    M: String(wall.getUTCMonth() + 1),
    DD: two(wall.getUTCDate()),
    D: String(wall.getUTCDate()),
    HH: two(hour),
    H: String(hour),
    hh: two(hour % 12 || 12),
    h: String(hour % 12 || 12),
    mm: two(wall.getUTCMinutes()),
    ss: two(wall.getUTCSeconds()),
    A: hour < 12 ? 'AM' : 'PM',
  };
  return format.replace(TOKENS, (token) => parts[token] ?? token);
}
