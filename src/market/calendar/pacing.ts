import type { Span } from './days.js';
import { isOpen, nextOpening, openSpans, type CompiledSchedule } from './schedule.js';
import { dayAround } from './windows.js';

/*
 * A daily cap of n, spread over the day. The day's open time is cut into n equal parts, and the start of each part
 * frees one more. The first is free at opening, the whole cap before closing. Unused ones stay free.
 */

export interface BusinessHours {
  /** Absent: the day is open from midnight to midnight. */
  schedule?: CompiledSchedule;
  /** Whose calendar defines the cap's day. */
  timezone: string;
}

/**
 * How many of a daily cap may be used up to `at`, UTC ms: 0 before the day's opening, then 1 and more, in the end
 * all.
 */
export function pacedCap(cap: number, hours: BusinessHours, at: number): number {
  const spans = openTimes(hours, at);
  const total = lengthOf(spans);
  const elapsed = spans.reduce((sum, { from, until }) => sum + clamp(at - from, 0, until - from), 0);
  const begun = spans[0] !== undefined && spans[0].from <= at;
  return begun ? Math.min(cap, Math.floor((elapsed * cap) / total) + 1) : 0;
}

/**
 * When one more than `used` may be used, UTC ms: `at` or the first time after it that is open and at which the paced
 * cap exceeds `used`. Once the day's cap is used up, or the day's open time is over, that is the opening on a later
 * day. Undefined if the schedule does not open again within 400 days.
 * @param used how many of the cap were used on the day of `at`
 */
export function nextPacedSlot(
  used: number,
  cap: number,
  hours: BusinessHours,
  at: number,
): number | undefined {
  const spans = openTimes(hours, at);
  const free = momentAfter(Math.ceil((lengthOf(spans) * used) / cap), spans);
  if (free !== undefined && free >= at) return free;
  return openingFrom(hours.schedule, free === undefined ? dayAround(hours.timezone, at).until : at);
}

function openTimes({ schedule, timezone }: BusinessHours, at: number): Span[] {
  const day = dayAround(timezone, at);
  return schedule ? [...openSpans(schedule, day.from, day.until)] : [day];
}

/** The time at which this much open time has passed and more is left; undefined if there is not that much. */
function momentAfter(elapsed: number, spans: Span[]): number | undefined {
  let left = elapsed;
  for (const { from, until } of spans) {
    if (left < until - from) return from + left;
    left -= until - from;
  }
  return undefined;
}

/** `from` itself if it is open then. */
const openingFrom = (schedule: CompiledSchedule | undefined, from: number): number | undefined =>
  schedule === undefined || isOpen(schedule, from) ? from : nextOpening(schedule, from);

const lengthOf = (spans: Span[]): number => spans.reduce((sum, { from, until }) => sum + until - from, 0);

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
