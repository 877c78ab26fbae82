import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { isLongOver, windowEnd, windowKey, type Period } from '../../../src/market/calendar/windows.js';
import { at, iso, moment, shown, timezone } from './clocks.js';

describe('The window of a time, and its end', () => {
  test.each<[Period, string, string, string, string | undefined]>([
    [
      'hour',
      'America/Chicago',
      '2026-11-24T13:59-06:00',
      'hour:2026-11-24T13-06:00',
      '2026-11-24T14:00-06:00',
    ],
    ['day', 'America/Chicago', '2026-11-24T23:59-06:00', 'day:2026-11-24', '2026-11-25T00:00-06:00'],
    ['week', 'America/Chicago', '2026-11-24T13:59-06:00', 'week:2026-W48', '2026-11-30T00:00-06:00'],
    ['month', 'America/Chicago', '2026-11-24T13:59-06:00', 'month:2026-11', '2026-12-01T00:00-06:00'],
    ['total', 'America/Chicago', '2026-11-24T13:59-06:00', 'total', undefined],
    // the repeated hour and the skipped hour
    [
      'hour',
      'America/Chicago',
      '2026-11-01T01:30-05:00',
      'hour:2026-11-01T01-05:00',
      '2026-11-01T01:00-06:00',
    ],
    [
      'hour',
      'America/Chicago',
      '2026-11-01T01:30-06:00',
      'hour:2026-11-01T01-06:00',
      '2026-11-01T02:00-06:00',
    ],
    [
      'hour',
      'America/Chicago',
      '2027-03-14T01:30-06:00',
      'hour:2027-03-14T01-06:00',
      '2027-03-14T03:00-05:00',
    ],
    ['hour', 'Europe/Berlin', '2026-10-25T02:30+02:00', 'hour:2026-10-25T02+02:00', '2026-10-25T02:00+01:00'],
    ['hour', 'Europe/Berlin', '2026-10-25T02:30+01:00', 'hour:2026-10-25T02+01:00', '2026-10-25T03:00+01:00'],
    // half an hour of daylight saving
    [
      'hour',
      'Australia/Lord_Howe',
      '2027-04-04T01:45+11:00',
      'hour:2027-04-04T01+11:00',
      '2027-04-04T01:30+10:30',
    ],
    [
      'hour',
      'Australia/Lord_Howe',
      '2027-04-04T01:45+10:30',
      'hour:2027-04-04T01+10:30',
      '2027-04-04T02:00+10:30',
    ],
    [
      'hour',
      'Australia/Lord_Howe',
      '2026-10-04T02:45+11:00',
      'hour:2026-10-04T02+11:00',
      '2026-10-04T03:00+11:00',
    ],
    // offsets that are not whole hours
    ['hour', 'Asia/Kolkata', '2026-11-24T13:45+05:30', 'hour:2026-11-24T13+05:30', '2026-11-24T14:00+05:30'],
    [
      'hour',
      'Asia/Kathmandu',
      '2026-11-24T13:45+05:45',
      'hour:2026-11-24T13+05:45',
      '2026-11-24T14:00+05:45',
    ],
    ['day', 'Asia/Kathmandu', '2026-11-24T23:59+05:45', 'day:2026-11-24', '2026-11-25T00:00+05:45'],
    // days of 23, 25 and 24½ hours, and a day that starts at 01:00
    ['day', 'America/Chicago', '2027-03-14T00:30-06:00', 'day:2027-03-14', '2027-03-15T00:00-05:00'],
    ['day', 'America/Chicago', '2026-11-01T00:30-05:00', 'day:2026-11-01', '2026-11-02T00:00-06:00'],
    ['day', 'Australia/Lord_Howe', '2027-04-04T00:30+11:00', 'day:2027-04-04', '2027-04-05T00:00+10:30'],
    ['day', 'America/Santiago', '2026-09-05T12:00-04:00', 'day:2026-09-05', '2026-09-06T01:00-03:00'],
    // the hour before midnight twice
    ['day', 'America/Santiago', '2027-04-03T23:30-03:00', 'day:2027-04-03', '2027-04-04T00:00-04:00'],
    ['day', 'America/Santiago', '2027-04-03T23:30-04:00', 'day:2027-04-03', '2027-04-04T00:00-04:00'],
    // ends of months, leap days
    ['month', 'America/Chicago', '2026-01-31T23:59-06:00', 'month:2026-01', '2026-02-01T00:00-06:00'],
    ['month', 'America/Chicago', '2027-02-28T23:59-06:00', 'month:2027-02', '2027-03-01T00:00-06:00'],
    ['month', 'America/Chicago', '2028-02-29T12:00-06:00', 'month:2028-02', '2028-03-01T00:00-06:00'],
    ['day', 'America/Chicago', '2028-02-28T12:00-06:00', 'day:2028-02-28', '2028-02-29T00:00-06:00'],
    ['month', 'America/Chicago', '2026-12-31T23:59-06:00', 'month:2026-12', '2027-01-01T00:00-06:00'],
    ['month', 'Pacific/Kiritimati', '2026-11-30T12:00Z', 'month:2026-12', '2026-12-31T10:00Z'],
    // weeks that belong to another year
    ['week', 'UTC', '2027-01-03T23:59Z', 'week:2026-W53', '2027-01-04T00:00Z'],
    ['week', 'UTC', '2027-01-04T00:00Z', 'week:2027-W01', '2027-01-11T00:00Z'],
    ['week', 'UTC', '2024-12-30T00:00Z', 'week:2025-W01', '2025-01-06T00:00Z'],
    ['week', 'America/Chicago', '2026-10-31T12:00-05:00', 'week:2026-W44', '2026-11-02T00:00-06:00'],
  ])('%s in %s at %s is %s', (period, zone, when, key, end) => {
    expect(windowKey(period, zone, at(when))).toBe(key);
    expect(iso(windowEnd(period, zone, at(when)))).toBe(end === undefined ? undefined : iso(at(end)));
  });
});

describe('In any zone, at any time', () => {
  test('a window has one name up to its end and another one after it', () => {
    const period = fc.constantFrom<Period>('hour', 'day', 'week', 'month');
    fc.assert(
      fc.property(
        period,
        timezone,
        moment,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (each, zone, when, part) => {
          const key = windowKey(each, zone, when);
          const end = windowEnd(each, zone, when) ?? NaN;
          expect(end).toBeGreaterThan(when);
          const within = when + Math.floor((end - 1 - when) * part);
          expect([windowKey(each, zone, within), windowKey(each, zone, end - 1)]).toEqual([key, key]);
          expect(windowEnd(each, zone, within)).toBe(end);
          expect(windowKey(each, zone, end)).not.toBe(key);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('the names agree with the platform’s own calendar', () => {
    fc.assert(
      fc.property(timezone, moment, (zone, when) => {
        const [, date = '', time = ''] = shown(zone, when).split(' ');
        const { weekOfYear, yearOfWeek } = Temporal.PlainDate.from(date);
        expect(windowKey('day', zone, when)).toBe(`day:${date}`);
        expect(windowKey('month', zone, when)).toBe(`month:${date.slice(0, 7)}`);
        expect(windowKey('week', zone, when)).toBe(
          `week:${yearOfWeek}-W${String(weekOfYear).padStart(2, '0')}`,
        );
        expect(windowKey('hour', zone, when).startsWith(`hour:${date}T${time.slice(0, 2)}`)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

test('A window is long over from one day after its end', () => {
  const cases = fc.tuple(
    fc.constantFrom<Period>('hour', 'day', 'week', 'month'),
    timezone,
    fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) }),
    fc.integer({ min: 0, max: 800 }),
  );
  const DAY_MS = 86_400_000;
  fc.assert(
    fc.property(cases, ([period, zone, then, days]) => {
      const window = windowKey(period, zone, then);
      const end = windowEnd(period, zone, then) ?? NaN;
      const now = then + days * DAY_MS;
      if (isLongOver(window, now)) expect(now).toBeGreaterThan(end + DAY_MS - 14 * 3_600_000);
      if (now > end + 4 * DAY_MS) expect(isLongOver(window, now)).toBe(true);
    }),
  );
  expect(isLongOver('total', Date.UTC(2100, 0))).toBe(false);
});
