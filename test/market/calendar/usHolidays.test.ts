import { expect, test } from 'vitest';
import { DAY } from '../../../src/market/calendar/days.js';
import { isUsHoliday } from '../../../src/market/calendar/usHolidays.js';

/** All holidays of a year, as `MM-DD`. */
function holidaysOf(year: number): string[] {
  const days: string[] = [];
  for (let day = Date.UTC(year, 0, 1) / DAY; day < Date.UTC(year + 1, 0, 1) / DAY; day++) {
    if (isUsHoliday(day)) days.push(new Date(day * DAY).toISOString().slice(5, 10));
  }
  return days;
}

/** The observed days by opm.gov, and the holidays that fall on a weekend. */
test.each([
  [2024, '01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25'],
  [2026, '01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25'],
  [2027, '01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31'],
  [2028, '01-01 01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-11 11-23 12-25'],
])('The federal holidays of %i, and the days on which they are observed', (year, days) => {
  expect(holidaysOf(year).join(' ')).toBe(days);
});
