import { DAY, weekdayOf, type Day } from './days.js';

const MONDAY = 0;
const THURSDAY = 3;
const SATURDAY = 5;
const SUNDAY = 6;

/** @param month 1 is January */
const dateOf = (year: number, month: number, date: number): Day => Date.UTC(year, month - 1, date) / DAY;

/** The nth such weekday of a month. */
function nth(n: number, weekday: number, year: number, month: number): Day {
  const first = dateOf(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (n - 1);
}

function lastMonday(year: number, month: number): Day {
  const last = dateOf(year, month + 1, 1) - 1;
  return last - weekdayOf(last);
}

/** The legal public holidays of 5 U.S.C. 6103(a), in its order. Inauguration Day, 6103(c), is one around Washington only. */
const holidays = (year: number): Day[] => [
  dateOf(year, 1, 1), // New Year's Day
  nth(3, MONDAY, year, 1), // Birthday of Martin Luther King, Jr.
  nth(3, MONDAY, year, 2), // Washington's Birthday
  lastMonday(year, 5), // Memorial Day
  dateOf(year, 6, 19), // Juneteenth National Independence Day
  dateOf(year, 7, 4), // Independence Day
  nth(1, MONDAY, year, 9), // Labor Day
  nth(2, MONDAY, year, 10), // Columbus Day
  dateOf(year, 11, 11), // Veterans Day
  nth(4, THURSDAY, year, 11), // Thanksgiving Day
  dateOf(year, 12, 25), // Christmas Day
];

/** On a Saturday it is observed the day before, 6103(b)(1); on a Sunday the day after, Executive Order 11582, section 3. */
function observed(holiday: Day): Day {
  const weekday = weekdayOf(holiday);
  return weekday === SATURDAY ? holiday - 1 : weekday === SUNDAY ? holiday + 1 : holiday;
}

const daysOffOf = new Map<number, ReadonlySet<Day>>();

function daysOff(year: number): ReadonlySet<Day> {
  const known = daysOffOf.get(year);
  if (known) return known;
  const days = new Set(holidays(year).flatMap((holiday) => [holiday, observed(holiday)]));
  daysOffOf.set(year, days);
  return days;
}

/** Whether the day is a federal holiday of the United States or the day on which one is observed; then both are. */
export function isUsHoliday(day: Day): boolean {
  const year = new Date(day * DAY).getUTCFullYear();
  // A New Year's Day on a Saturday is observed in the year before.
  return daysOff(year).has(day) || daysOff(year + 1).has(day);
}
