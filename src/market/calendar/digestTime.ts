import { DAY, dayOf } from './days.js';
import { parseDuration } from './duration.js';
import { parseTimeOfDay } from './openHours.js';
import { wallTime, wallTimeToUtc } from './zone.js';

const SHORTEST = 5 * 60_000;

/** The longest wait for a digest, ms; undefined if the text is no duration that a digest may have. */
function waitOf(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= SHORTEST && ms <= DAY ? ms : undefined;
}

/** Whether the text says when leads are sent together: `1h` after the first of them, or daily at `08:00`. */
export const isDigestTime = (text: string): boolean =>
  waitOf(text) !== undefined || parseTimeOfDay(text) !== undefined;

/**
 * When a lead that is sold at `now` is sent at the latest, UTC ms.
 * @throws Error on a text that is no time of a digest; the market file's schema prevents that
 */
export function digestDue(text: string, timezone: string, now: number): number {
  const wait = waitOf(text);
  if (wait !== undefined) return now + wait;
  const time = parseTimeOfDay(text);
  if (time === undefined) throw new Error(`A digest has "${text}", which is no time`);
  const wall = wallTime(timezone, now);
  const today = dayOf(wall) * DAY + time;
  return wallTimeToUtc(timezone, today > wall ? today : today + DAY, now);
}
