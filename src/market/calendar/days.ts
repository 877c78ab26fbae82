/** A span of time, ms. `until` is exclusive. */
export interface Span {
  from: number;
  until: number;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A day of the calendar as the number of days since 1970-01-01, which was a Thursday. */
export type Day = number;

/** The day of a wall time (see zone.ts). */
export const dayOf = (wall: number): Day => Math.floor(wall / DAY);

/** 0 is Monday, 6 is Sunday. */
export const weekdayOf = (day: Day): number => (((day + 3) % 7) + 7) % 7;

/** A calendar date, `2026-12-25`, as the wall time of its start; undefined if there is no such day. */
export function parseDate(text: string): number | undefined {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  // Some engines read 30 February as 2 March.
  return !Number.isNaN(start) && new Date(start).toISOString().startsWith(text) ? start : undefined;
}
