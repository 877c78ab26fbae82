import { DAY, dayOf, weekdayOf, type Day, type Span } from './days.js';
import { parseClosedTime, parseOpenHours } from './openHours.js';
import { isUsHoliday } from './usHolidays.js';
import { offsetPeriodAt, wallTime } from './zone.js';

/** When a contract takes leads, as the market file says it; openHours.ts has the grammar of the texts. */
export interface Schedule {
  /** IANA, e.g. `America/Chicago`. */
  timezone: string;
  /** `Mon-Fri 08:00-20:00` */
  open: string[];
  /** Closed on the federal holidays of the United States. */
  holidays?: 'US';
  /** `2026-12-25`, `2026-12-24..2026-12-26`, `2026-12-24 12:00-24:00` */
  closed?: string[];
}

export interface CompiledSchedule {
  timezone: string;
  /** For each weekday from Monday on: spans in order, ms since the start of the day. */
  week: Span[][];
  holidays: boolean;
  /** In wall time. */
  closed: Span[];
}

/** Openings are searched for this long, ms. A contract that stays closed for longer does not open for this lead. */
const HORIZON = 400 * DAY;

/** @throws Error on a text that is not a time; the market file's checks prevent that */
export function compileSchedule({ timezone, open, holidays, closed = [] }: Schedule): CompiledSchedule {
  const week: Span[][] = Array.from({ length: 7 }, () => []);
  for (const text of open) {
    const { weekdays, from, until } = readable(text, parseOpenHours(text));
    for (const weekday of weekdays) {
      week[weekday]?.push({ from, until: Math.min(until, DAY) });
      if (until > DAY) week[(weekday + 1) % 7]?.push({ from: 0, until: until - DAY });
    }
  }
  for (const spans of week) spans.sort((a, b) => a.from - b.from);
  return {
    timezone,
    week,
    holidays: holidays === 'US',
    closed: closed.map((text) => readable(text, parseClosedTime(text))),
  };
}

function readable<T>(text: string, parsed: T | undefined): T {
  if (parsed === undefined) throw new Error(`A schedule has "${text}", which is no time`);
  return parsed;
}

/**
 * Whether the schedule is open at `at`, UTC ms, by wall-clock time. So hours that the clock skips when daylight
 * saving begins are not open that night, and hours that it shows twice are open twice.
 */
export function isOpen(schedule: CompiledSchedule, at: number): boolean {
  const wall = wallTime(schedule.timezone, at);
  return openOn(schedule, dayOf(wall)).some(({ from, until }) => from <= wall && wall < until);
}

/**
 * The first time after `after` at which a closed schedule opens, both UTC ms; undefined if it does not open within
 * 400 days.
 */
export function nextOpening(schedule: CompiledSchedule, after: number): number | undefined {
  for (const { from } of openSpans(schedule, after, after + HORIZON)) if (from > after) return from;
  return undefined;
}

/** The spans in which the schedule is open between two times, UTC ms, in order. Adjacent spans are joined. */
export function* openSpans(schedule: CompiledSchedule, from: number, until: number): Generator<Span> {
  let open: Span | undefined;
  for (const next of dailySpans(schedule, from, until)) {
    if (open && next.from <= open.until) {
      open = { from: open.from, until: Math.max(open.until, next.until) };
    } else {
      if (open) yield open;
      open = next;
    }
  }
  if (open) yield open;
}

/** The same, day by day and cut at changes of the clock. Spans of a day may overlap. */
function* dailySpans(schedule: CompiledSchedule, from: number, until: number): Generator<Span> {
  let start = from;
  while (start < until) {
    const stretch = offsetPeriodAt(schedule.timezone, start);
    const end = Math.min(stretch.until, until);
    const lastDay = dayOf(end - 1 + stretch.offset);
    for (let day = dayOf(start + stretch.offset); day <= lastDay; day++) {
      for (const open of openOn(schedule, day)) {
        const span = {
          from: Math.max(open.from - stretch.offset, start),
          until: Math.min(open.until - stretch.offset, end),
        };
        if (span.from < span.until) yield span;
      }
    }
    start = end;
  }
}

function openOn({ week, holidays, closed }: CompiledSchedule, day: Day): Span[] {
  const hours = week[weekdayOf(day)] ?? [];
  if (hours.length === 0 || (holidays && isUsHoliday(day))) return [];
  const start = day * DAY;
  const spans = hours.map(({ from, until }) => ({ from: start + from, until: start + until }));
  return closed
    .filter(({ from, until }) => from < start + DAY && start < until)
    .reduce((left, gap) => left.flatMap((span) => without(span, gap)), spans);
}

function without(span: Span, gap: Span): Span[] {
  return [
    { from: span.from, until: Math.min(span.until, gap.from) },
    { from: Math.max(span.from, gap.until), until: span.until },
  ].filter(({ from, until }) => from < until);
}
