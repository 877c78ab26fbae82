import { wallTimeToUtc } from '../../../src/market/calendar/zone.js';
import { formatDuration, parseDuration } from '../../../src/market/calendar/duration.js';

/** Parses a span such as `1h30m` into ms. */
export function spanMs(text: string): number {
  const parts = text.match(/\d+[smhd]/g) ?? [];
  return parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0);
}

/** Formats ms as a span, to the second: `1h30m`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60 || seconds % 60 !== 0) return `${seconds}s`;
  return formatDuration(seconds * 1000);
}

/** Parses `2027-03-14 01:30 America/Chicago` into UTC ms. An ambiguous hour is the first of the two. */
export function momentMs(text: string): number {
  const [date = '', clock = '', zone = 'UTC'] = text.split(' ');
  const wall = Date.parse(`${date}T${clock}Z`);
  return wallTimeToUtc(zone, wall, wall - DAY);
}

/** More than any zone's offset from UTC. */
const DAY = 86_400_000;
