import { Temporal } from 'temporal-polyfill';
import type { Span } from './days.js';

/** The time between two changes of a zone's clock, UTC ms: the clock shows UTC plus `offset`, ms, all through it. */
export interface OffsetPeriod extends Span {
  offset: number;
}

/** Few for each zone: clocks change twice a year. */
const stretchesOf = new Map<string, OffsetPeriod[]>();

/**
 * The stretch that `at`, UTC ms, lies in.
 * @param timezone an IANA time zone, e.g. `America/Chicago`
 * @throws RangeError where there is no such zone
 */
export function offsetPeriodAt(timezone: string, at: number): OffsetPeriod {
  const known = stretchesOf.get(timezone) ?? [];
  const hit = known.find(({ from, until }) => from <= at && at < until);
  if (hit) return hit;
  const stretch = readStretch(timezone, at);
  stretchesOf.set(timezone, [...known, stretch]);
  return stretch;
}

function readStretch(timezone: string, at: number): OffsetPeriod {
  const moment = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone);
  // The previous change lies before a moment, not on it.
  const last = moment.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
  const next = moment.getTimeZoneTransition('next');
  return {
    from: last?.epochMilliseconds ?? -Infinity,
    until: next?.epochMilliseconds ?? Infinity,
    offset: moment.offsetNanoseconds / 1_000_000,
  };
}

/** What the zone's clock shows at `at`, UTC ms, as the ms at which a clock on UTC shows the same date and time. */
export function wallTime(timezone: string, at: number): number {
  return at + offsetPeriodAt(timezone, at).offset;
}

/**
 * The first moment, UTC ms, at which the zone's clock shows the time `wall` (as `wallTime` gives it), or, where a change
 * of the clock skips it, a later one.
 * @param notBefore UTC ms; matters where the clock shows the time twice
 */
export function wallTimeToUtc(timezone: string, wall: number, notBefore: number): number {
  let stretch = offsetPeriodAt(timezone, notBefore);
  while (wall - stretch.offset >= stretch.until) stretch = offsetPeriodAt(timezone, stretch.until);
  return Math.max(wall - stretch.offset, stretch.from, notBefore);
}
