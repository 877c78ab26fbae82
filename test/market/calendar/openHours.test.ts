import { describe, expect, test } from 'vitest';
import { HOUR } from '../../../src/market/calendar/days.js';
import { parseClosedTime, parseOpenHours } from '../../../src/market/calendar/openHours.js';

describe('Open hours are read', () => {
  test.each([
    ['Mon-Fri 08:00-20:00', [0, 1, 2, 3, 4], 8, 20],
    ['Sat 09:30-17:00', [5], 9.5, 17],
    ['Sat-Mon 00:00-24:00', [5, 6, 0], 0, 24],
    ['Fri 22:00-02:00', [4], 22, 26],
    ['Fri 22:00-00:00', [4], 22, 24],
    ['Sun-Sun 08:00-09:00', [6], 8, 9],
  ])('%s', (text, weekdays, from, until) => {
    expect(parseOpenHours(text)).toEqual({ weekdays, from: from * HOUR, until: until * HOUR });
  });

  test.each([
    '',
    'Mo-Fr 8-20',
    'Mon 8:00-20:00',
    'Mon 24:00-02:00',
    'Mon 08:00-24:30',
    'Mon 08:00-08:00',
    'Mon-Fri  08:00-20:00',
    'Mon,Tue 08:00-20:00',
    'mon 08:00-20:00',
    ' Mon 08:00-20:00',
    'Mon 08:00-20:00\n',
  ])('but not %j', (text) => {
    expect(parseOpenHours(text)).toBeUndefined();
  });
});

describe('A closed time is read', () => {
  test.each([
    ['2026-12-25', '2026-12-25T00:00Z', '2026-12-26T00:00Z'],
    ['2026-12-24..2026-12-26', '2026-12-24T00:00Z', '2026-12-27T00:00Z'],
    ['2026-12-31..2027-01-01', '2026-12-31T00:00Z', '2027-01-02T00:00Z'],
    ['2026-12-24 12:00-24:00', '2026-12-24T12:00Z', '2026-12-25T00:00Z'],
    ['2028-02-29', '2028-02-29T00:00Z', '2028-03-01T00:00Z'],
  ])('%s', (text, from, until) => {
    expect(parseClosedTime(text)).toEqual({ from: Date.parse(from), until: Date.parse(until) });
  });

  test.each([
    '',
    '2026-02-29',
    '2026-13-01',
    '2026-12-32',
    '25.12.2026',
    '2026-12-26..2026-12-24',
    '2026-12-24..2026-12-26 12:00-13:00',
    '2026-12-24 12:00-12:00',
    '2026-12-24 22:00-02:00',
    '2026-12-24 ',
    '2026-12-24T12:00',
  ])('but not %j', (text) => {
    expect(parseClosedTime(text)).toBeUndefined();
  });
});
