import { describe, expect, test } from 'vitest';
import { parseDate } from '../../../src/market/calendar/days.js';
import { formatDuration, parseDuration } from '../../../src/market/calendar/duration.js';
import { formatInstant, parseInstant, parseIsoTime } from '../../../src/market/calendar/isoTime.js';
import { parseClosedTime, parseOpenHours } from '../../../src/market/calendar/openHours.js';
import { isLongOver, windowKey } from '../../../src/market/calendar/windows.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('A point in time', () => {
  test.each([
    ['2026-12-01', '2026-12-01T00:00:00.000Z'],
    ['2026-12-01T09:00Z', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00:05Z', '2026-12-01T09:00:05.000Z'],
    ['2026-12-01T09:00:05.7Z', '2026-12-01T09:00:05.700Z'],
    ['2026-12-01T09:00:05.789Z', '2026-12-01T09:00:05.789Z'],
    ['2026-12-01T09:00:00-06:00', '2026-12-01T15:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('may be %s', (text, iso) => {
    expect(parseIsoTime(text)?.toISOString()).toBe(iso);
  });

  test.each([
    ' 2026-12-01',
    '2026-12-01 ',
    '2026-12-01T09:00',
    '2026-12-01T09:00Zx',
    '2026-12-01T09:00:05.7891Z',
    '2026-12-01T09:00:05.Z',
    '2026-12-01T25:00Z',
    '2026-02-29',
    '2026-02-30T09:00Z',
    '2026-13-01',
    'x2026-12-01',
    'soon',
    '',
  ])('is not “%s”', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  test('of an instant has a time', () => {
    expect(parseInstant('2026-12-01T09:00Z')).toBe(Date.UTC(2026, 11, 1, 9));
    expect(parseInstant('2026-12-01')).toBeUndefined();
    expect(formatInstant(Date.UTC(2026, 11, 1, 9))).toBe('2026-12-01T09:00:00Z');
    expect(formatInstant(Date.UTC(2026, 11, 1, 9) + 5)).toBe('2026-12-01T09:00:00.005Z');
  });

  test('of the calendar is a day that exists', () => {
    expect(parseDate('2026-12-25')).toBe(Date.UTC(2026, 11, 25));
    for (const text of ['2026-02-30', 'x2026-12-25', '2026-12-25x', '2026-12-25T00:00:00.000Z', '']) {
      expect(parseDate(text)).toBeUndefined();
    }
  });
});

describe('A duration', () => {
  test.each([
    ['30s', 30_000],
    ['15m', 15 * 60_000],
    ['2h', 2 * HOUR],
    ['3d', 3 * DAY],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', 'h', '5 h', '5w', '-5h', '1.5h', '5hh', 'x5h', '1234567890s'])(
    'is not “%s”',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test.each([
    [30_000, '30s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [24 * HOUR, '24h'],
    [72 * HOUR, '72h'],
    [96 * HOUR, '4d'],
    [97 * HOUR, '97h'],
    [1500, '1.5s'],
  ])('of %d ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

test.each([
  ['Mon-Fri 08:00-08:00'],
  ['Mon 8:00-20:00'],
  ['Monday 08:00-20:00'],
  ['08:00-20:00'],
  [''],
  ['x'],
])('“%s” is no time of opening', (text) => {
  expect(parseOpenHours(text)).toBeUndefined();
});

test.each([
  ['2026-02-30'],
  ['2026-12-26..2026-12-24'],
  ['2026-12-24..2026-02-30'],
  ['2026-02-30..2026-12-24'],
  ['2026-12-24 12:00-12:00'],
  ['2026-12-24 13:00-12:00'],
  [''],
  ['Xmas'],
])('“%s” is no time of closing', (text) => {
  expect(parseClosedTime(text)).toBeUndefined();
});

test('A time of closing is a day, several days or hours of a day', () => {
  const at = Date.UTC(2026, 11, 24);
  expect(parseClosedTime('2026-12-24')).toEqual({ from: at, until: at + DAY });
  expect(parseClosedTime('2026-12-24..2026-12-26')).toEqual({ from: at, until: at + 3 * DAY });
  expect(parseClosedTime('2026-12-24 12:30-24:00')).toEqual({ from: at + 12.5 * HOUR, until: at + DAY });
});

test('An hour on UTC has the offset +00:00', () => {
  expect(windowKey('hour', 'UTC', Date.UTC(2026, 10, 24, 12))).toBe('hour:2026-11-24T12+00:00');
});

describe('A window is long over', () => {
  const noon = Date.UTC(2026, 10, 24, 12);

  test.each(['hour', 'day', 'week', 'month'] as const)(
    'of %s two days after it at the latest, not before',
    (period) => {
      const window = windowKey(period, 'UTC', noon);
      const end = {
        hour: Date.UTC(2026, 10, 25),
        day: Date.UTC(2026, 10, 25),
        week: Date.UTC(2026, 10, 30),
        month: Date.UTC(2026, 11, 1),
      }[period];
      expect(isLongOver(window, end)).toBe(false);
      expect(isLongOver(window, end + 2 * DAY - 1)).toBe(false);
      expect(isLongOver(window, end + 2 * DAY)).toBe(true);
    },
  );

  test('never for a total or an invalid name', () => {
    expect(isLongOver('total', noon * 2)).toBe(false);
    expect(isLongOver('', noon)).toBe(false);
  });
});
