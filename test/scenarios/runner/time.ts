import { formatDuration, parseDuration } from '../../../src/market/file/duration.js';

/** A span such as `1h30m` in ms. */
export function spanMs(text: string): number {
  const parts = text.match(/\d+[smhd]/g) ?? [];
  return parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0);
}

/** Ms as a scenario writes them, to the second: `1h30m`. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60 || seconds % 60 !== 0) return `${seconds}s`;
  return formatDuration(seconds * 1000);
}

/** `2027-03-14 01:30 America/Chicago` in UTC ms. Of an hour that is there twice, the first is meant. */
export function momentMs(text: string): number {
  const [date = '', clock = '', zone = 'UTC'] = text.split(' ');
  const asUtc = Date.parse(`${date}T${clock}Z`);
  // The offset of the zone differs within a day of its changes only, and then one of these two is right.
  const candidates = [asUtc - DAY, asUtc + DAY].map((near) => asUtc - offsetAt(near, zone));
  const right = candidates.filter((at) => at + offsetAt(at, zone) === asUtc);
  const [first = Math.max(...candidates)] = right.sort((a, b) => a - b);
  return first;
}

const DAY = 86_400_000;

/** How far the zone's clocks are ahead of UTC, ms. */
function offsetAt(at: number, timeZone: string): number {
  const options = { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' } as const;
  // Swedish dates are ISO 8601.
  const local = new Intl.DateTimeFormat('sv-SE', options).format(at).replace(' ', 'T');
  return Date.parse(`${local}Z`) - Math.floor(at / 1000) * 1000;
}
