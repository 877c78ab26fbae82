import { momentOf } from '../../../src/market/calendar/zone.js';
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
  const wall = Date.parse(`${date}T${clock}Z`);
  return momentOf(zone, wall, wall - DAY);
}

/** No zone's clock is further from UTC. */
const DAY = 86_400_000;
