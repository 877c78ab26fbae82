import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY } from '../../../src/market/calendar/days.js';
import {
  compileSchedule,
  isOpen,
  nextOpening,
  openSpans,
  type Schedule,
} from '../../../src/market/calendar/schedule.js';
import { at, iso, moment, shown, timezone } from './clocks.js';

const chicago = (open: string[], more: Partial<Schedule> = {}) =>
  compileSchedule({ timezone: 'America/Chicago', open, ...more });

const office = chicago(['Mon-Fri 08:00-20:00', 'Sat 09:00-17:00']);

describe('A schedule is open', () => {
  test.each([
    ['2026-11-24T08:00-06:00', true],
    ['2026-11-24T07:59:59.999-06:00', false],
    ['2026-11-24T19:59:59.999-06:00', true],
    ['2026-11-24T20:00-06:00', false],
    ['2026-11-28T08:30-06:00', false],
    ['2026-11-28T09:00-06:00', true],
    ['2026-11-29T12:00-06:00', false],
    ['2026-07-01T08:00-05:00', true],
  ])('at %s: %s', (when, open) => {
    expect(isOpen(office, at(when))).toBe(open);
  });

  test('over midnight, and over the end of the week', () => {
    const nights = chicago(['Sun 22:00-02:00']);
    expect(isOpen(nights, at('2026-11-22T23:00-06:00'))).toBe(true);
    expect(isOpen(nights, at('2026-11-23T01:59-06:00'))).toBe(true);
    expect(isOpen(nights, at('2026-11-23T02:00-06:00'))).toBe(false);
    expect(isOpen(nights, at('2026-11-22T01:00-06:00'))).toBe(false);
  });

  test('both times in an hour that the clock repeats, and not in an hour that it skips', () => {
    const early = chicago(['Mon-Sun 01:00-02:00', 'Mon-Sun 02:00-03:00']);
    const justOne = chicago(['Sun 01:00-01:30']);
    const justTwo = chicago(['Sun 02:00-03:00']);
    expect(isOpen(justOne, at('2026-11-01T01:15-05:00'))).toBe(true);
    expect(isOpen(justOne, at('2026-11-01T01:45-05:00'))).toBe(false);
    expect(isOpen(justOne, at('2026-11-01T01:15-06:00'))).toBe(true);
    expect(isOpen(early, at('2027-03-14T01:59-06:00'))).toBe(true);
    expect(isOpen(early, at('2027-03-14T03:00-05:00'))).toBe(false);
    expect([...openSpans(justTwo, at('2027-03-14T00:00-06:00'), at('2027-03-15T00:00-05:00'))]).toEqual([]);
  });
});

describe('A schedule is closed', () => {
  const always = (more: Partial<Schedule>) => chicago(['Mon-Sun 00:00-24:00'], more);

  test('on federal holidays and the days on which they are observed', () => {
    const open = always({ holidays: 'US' });
    const days = ['2026-07-02', '2026-07-03', '2026-07-04', '2026-07-05', '2026-11-26', '2027-12-31'];
    expect(days.filter((day) => isOpen(open, at(`${day}T12:00-06:00`)))).toEqual([
      '2026-07-02',
      '2026-07-05',
    ]);
    expect(isOpen(always({}), at('2026-07-04T12:00-05:00'))).toBe(true);
  });

  test('on dates, ranges of dates and parts of days of its own', () => {
    const open = always({ closed: ['2026-12-25', '2026-12-28..2026-12-30', '2026-12-24 12:00-24:00'] });
    const closed = [
      '24T11:59',
      '24T12:00',
      '25T00:00',
      '25T23:59',
      '26T00:00',
      '27T23:59',
      '28T00:00',
      '30T23:59',
      '31T00:00',
    ];
    expect(closed.filter((when) => isOpen(open, at(`2026-12-${when}-06:00`)))).toEqual([
      '24T11:59',
      '26T00:00',
      '27T23:59',
      '31T00:00',
    ]);
  });

  test('in a closed time that overlaps the start, the middle or the end of open hours', () => {
    const open = chicago(['Mon-Fri 08:00-20:00', 'Tue 06:00-10:00'], {
      closed: ['2026-11-24 09:00-10:30', '2026-11-24 19:00-24:00'],
    });
    const spans = [...openSpans(open, at('2026-11-24T00:00-06:00'), at('2026-11-25T00:00-06:00'))];
    expect(spans.map(({ from, until }) => `${iso(from)} to ${iso(until)}`)).toEqual([
      '2026-11-24T12:00Z to 2026-11-24T15:00Z',
      '2026-11-24T16:30Z to 2026-11-25T01:00Z',
    ]);
  });
});

describe('A closed schedule opens next', () => {
  test.each([
    ['on the same day', office, '2026-11-24T07:00-06:00', '2026-11-24T08:00-06:00'],
    ['on Saturday after Friday', office, '2026-11-27T20:00-06:00', '2026-11-28T09:00-06:00'],
    ['on Monday after Saturday', office, '2026-11-28T17:00-06:00', '2026-11-30T08:00-06:00'],
    ['tomorrow, asked while open', office, '2026-11-24T12:00-06:00', '2026-11-25T08:00-06:00'],
    ['tomorrow, asked as it opens', office, '2026-11-24T08:00-06:00', '2026-11-25T08:00-06:00'],
    [
      'after the holidays',
      chicago(['Mon-Fri 08:00-20:00'], { holidays: 'US', closed: ['2026-12-24', '2026-12-28..2026-12-31'] }),
      '2026-12-23T21:00-06:00',
      '2027-01-04T08:00-06:00',
    ],
    [
      'when a closed part of the day ends',
      chicago(['Thu 08:00-20:00'], { closed: ['2026-11-26 00:00-12:15'] }),
      '2026-11-26T09:00-06:00',
      '2026-11-26T12:15-06:00',
    ],
    [
      'when the clock skips its first half hour',
      chicago(['Sun 02:30-04:00']),
      '2027-03-13T12:00-06:00',
      '2027-03-14T03:00-05:00',
    ],
    [
      'a second time when the clock repeats its hour',
      chicago(['Sun 01:00-01:30']),
      '2026-11-01T01:10-05:00',
      '2026-11-01T01:00-06:00',
    ],
    [
      'a week later when the clock skips it',
      chicago(['Sun 02:00-03:00']),
      '2027-03-13T12:00-06:00',
      '2027-03-21T02:00-05:00',
    ],
    [
      'in Lord Howe, whose clock goes back by half an hour at 02:00',
      compileSchedule({ timezone: 'Australia/Lord_Howe', open: ['Sun 01:40-02:30'] }),
      '2027-04-04T01:50+11:00',
      '2027-04-04T01:40+10:30',
    ],
    [
      'in Kathmandu, three quarters of an hour off',
      compileSchedule({ timezone: 'Asia/Kathmandu', open: ['Mon-Sun 09:00-17:00'] }),
      '2026-11-24T18:00+05:45',
      '2026-11-25T09:00+05:45',
    ],
  ])('%s', (_, schedule, after, opens) => {
    expect(iso(nextOpening(schedule, at(after)))).toBe(iso(at(opens)));
  });

  test('never, if it is always closed or never closes', () => {
    const now = at('2026-11-24T12:00Z');
    expect(nextOpening(chicago(['Mon-Sun 00:00-24:00']), now)).toBeUndefined();
    expect(
      nextOpening(chicago(['Mon 08:00-09:00'], { closed: ['2026-01-01..2030-01-01'] }), now),
    ).toBeUndefined();
    expect(nextOpening(chicago([]), now)).toBeUndefined();
  });
});

test('A schedule with an invalid time is rejected', () => {
  expect(() => chicago(['Mo 8-20'])).toThrow('"Mo 8-20"');
  expect(() => chicago([], { closed: ['Christmas'] })).toThrow('"Christmas"');
});

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const two = (n: number) => String(n).padStart(2, '0');
const timeOfDay = fc
  .nat(24 * 4 - 1)
  .map((quarter) => `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * 15)}`);
const hours = fc
  .record({
    weekday: fc.constantFrom(...WEEKDAYS),
    from: timeOfDay,
    until: fc.oneof(timeOfDay, fc.constant('24:00')),
  })
  .filter(({ from, until }) => from !== until);

/** Whether the wall clock of the platform's own calendar shows an open time. */
function showsOpen(
  zone: string,
  open: { weekday: string; from: string; until: string }[],
  when: number,
): boolean {
  const [weekday = '', , time = ''] = shown(zone, when).split(' ');
  const yesterday = WEEKDAYS[(WEEKDAYS.indexOf(weekday) + 6) % 7];
  return open.some(({ weekday: on, from, until }) =>
    from < until
      ? on === weekday && from <= time && time < until
      : (on === weekday && from <= time) || (on === yesterday && time < until),
  );
}

describe('Any schedule, in any zone, at any time', () => {
  const schedule = fc.record({
    zone: timezone,
    open: fc.array(hours, { minLength: 1, maxLength: 4 }),
    when: moment,
  });
  const compiled = (zone: string, open: { weekday: string; from: string; until: string }[]) =>
    compileSchedule({ timezone: zone, open: open.map((one) => `${one.weekday} ${one.from}-${one.until}`) });

  test('is open exactly when the wall clock shows an open hour', () => {
    fc.assert(
      fc.property(schedule, ({ zone, open, when }) => {
        expect(isOpen(compiled(zone, open), when)).toBe(showsOpen(zone, open, when));
      }),
      { numRuns: 2000 },
    );
  });

  test('opens next at the first minute at which it is open and was not', () => {
    fc.assert(
      fc.property(schedule, fc.double({ min: 0, max: 1, noNaN: true }), ({ zone, open, when }, part) => {
        const asked = compiled(zone, open);
        const opens = nextOpening(asked, when);
        const opensAt = (moment: number) => isOpen(asked, moment) && !isOpen(asked, moment - 1);
        if (opens !== undefined) expect(opens > when && opensAt(opens)).toBe(true);
        const before = when + Math.floor(((opens ?? when + 30 * DAY) - when) * part);
        const minute = Math.ceil((before + 1) / 60_000) * 60_000;
        if (opens === undefined || minute < opens) expect(opensAt(minute)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('has spans that agree with isOpen at each quarter of an hour', () => {
    fc.assert(
      fc.property(schedule, ({ zone, open, when }) => {
        const asked = compiled(zone, open);
        const spans = [...openSpans(asked, when, when + 2 * DAY)];
        const quarters = Array.from({ length: 2 * 96 }, (_, i) => when + i * 15 * 60_000);
        const covered = quarters.map(
          (moment) => spans.filter(({ from, until }) => from <= moment && moment < until).length,
        );
        expect(covered).toEqual(quarters.map((moment) => (isOpen(asked, moment) ? 1 : 0)));
      }),
      { numRuns: 2000 },
    );
  });
});
