import { DAY, dayOf, HOUR, weekdayOf, type Day, type Span } from './days.js';
import { wallTimeToUtc, offsetPeriodAt, wallTime } from './zone.js';

/** What a cap or a budget counts over. */
export type Period = 'hour' | 'day' | 'week' | 'month' | 'total';

/**
 * The name of the window that `at`, UTC ms, lies in on the zone's clock: `hour:2026-11-24T13-06:00`, `day:2026-11-24`,
 * `week:2026-W48` (ISO 8601: from Monday, and of the year that its Thursday lies in), `month:2026-11`, `total`. An hour
 * carries its offset from UTC, since the clock shows an hour twice when daylight saving ends.
 */
export function windowKey(period: Period, timezone: string, at: number): string {
  if (period === 'total') return 'total';
  const { offset } = offsetPeriodAt(timezone, at);
  const wall = at + offset;
  if (period === 'week') return `week:${isoWeek(wall)}`;
  const shown = new Date(wall).toISOString();
  switch (period) {
    case 'hour':
      return `hour:${shown.slice(0, 13)}${offsetText(offset)}`;
    case 'day':
      return `day:${shown.slice(0, 10)}`;
    case 'month':
      return `month:${shown.slice(0, 7)}`;
  }
}

/**
 * Whether the window of that name (`windowKey`) ended at least a day ago in every time zone.
 * @param now UTC ms
 */
export function isLongOver(window: string, now: number): boolean {
  const [period = '', start = ''] = window.split(/:(.*)/s);
  const shown = (at: number, length: number): string => new Date(at).toISOString().slice(0, length);
  switch (period) {
    case 'hour':
    case 'day':
      return start.slice(0, 10) < shown(now - 2 * DAY, 10);
    case 'week':
      return start < isoWeek(now - 2 * DAY);
    case 'month':
      return start < shown(now - 2 * DAY, 7);
    default:
      return false;
  }
}

/** `2026-W48` */
function isoWeek(wall: number): string {
  const thursday = new Date((mondayOf(wall) + 3) * DAY);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** `-06:00`. A UTC time that far from midnight shows the digits. */
function offsetText(offset: number): string {
  return (offset < 0 ? '-' : '+') + new Date(Math.abs(offset)).toISOString().slice(11, 16);
}

function mondayOf(wall: number): Day {
  const day = dayOf(wall);
  return day - weekdayOf(day);
}

/** The end of the window that contains `at`, exclusive, both UTC ms; a total has none. */
export function windowEnd(period: Period, timezone: string, at: number): number | undefined {
  if (period === 'total') return undefined;
  if (period === 'hour') return hourEnd(timezone, at);
  return wallTimeToUtc(timezone, nextStart(period, wallTime(timezone, at)), at);
}

/** An hour also ends when the clock changes. */
function hourEnd(timezone: string, at: number): number {
  const { offset, until } = offsetPeriodAt(timezone, at);
  return Math.min((Math.floor((at + offset) / HOUR) + 1) * HOUR - offset, until);
}

/** When the window after that of `wall` starts, both in wall time. */
function nextStart(period: 'day' | 'week' | 'month', wall: number): number {
  switch (period) {
    case 'day':
      return (dayOf(wall) + 1) * DAY;
    case 'week':
      return (mondayOf(wall) + 7) * DAY;
    case 'month': {
      const date = new Date(wall);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
  }
}

/** The day of the zone's calendar that `at` lies in, UTC ms. */
export function dayAround(timezone: string, at: number): Span {
  const start = dayOf(wallTime(timezone, at)) * DAY;
  // No time zone is further from UTC than a day.
  return {
    from: wallTimeToUtc(timezone, start, start - DAY),
    until: wallTimeToUtc(timezone, start + DAY, at),
  };
}
