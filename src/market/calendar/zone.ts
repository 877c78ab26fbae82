import { Temporal } from 'temporal-polyfill';
import type { Span } from './days.js';

/** The time between two changes of a zone's offset, UTC ms. All through it, the clock shows UTC plus `offset`, ms. */
export interface OffsetPeriod extends Span {
  offset: number;
}

/** Few for each zone: offsets change twice a year. */
const stretchesOf = new Map<string, OffsetPeriod[]>();

/**
 * The offset period that contains `at`, UTC ms.
 * @param timezone an IANA time zone, e.g. `America/Chicago`
 * @throws RangeError if there is no such zone
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
  // The previous change is strictly before a time, so add 1 ms to include one at `at`.
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
 * The first time, UTC ms, at which the zone's clock shows the time `wall` (as `wallTime` returns it), or a later one
 * if a change of the clock skips it.
 * @param notBefore UTC ms; matters if the clock shows the time twice
 */
export function wallTimeToUtc(timezone: string, wall: number, notBefore: number): number {
  let stretch = offsetPeriodAt(timezone, notBefore);
  while (wall - stretch.offset >= stretch.until) stretch = offsetPeriodAt(timezone, stretch.until);
  return Math.max(wall - stretch.offset, stretch.from, notBefore);
}
