import { describe, expect, test } from 'vitest';
import { digestDue, isDigestTime } from '../../../src/market/calendar/digestTime.js';

const CHICAGO = 'America/Chicago';

describe('A digest', () => {
  test.each([
    ['1h', CHICAGO, '2026-11-24T13:10:00Z', '2026-11-24T14:10:00Z'],
    ['08:00', CHICAGO, '2026-11-24T13:10:00Z', '2026-11-24T14:00:00Z'],
    ['08:00', CHICAGO, '2026-11-24T13:59:59.999Z', '2026-11-24T14:00:00Z'],
    ['08:00', CHICAGO, '2026-11-24T14:00:00Z', '2026-11-25T14:00:00Z'],
    ['08:00', 'UTC', '2026-11-24T13:10:00Z', '2026-11-25T08:00:00Z'],
    // Daylight saving ends, and begins: 02:30 is skipped.
    ['08:00', CHICAGO, '2026-10-31T20:00:00Z', '2026-11-01T14:00:00Z'],
    ['02:30', CHICAGO, '2026-03-08T06:00:00Z', '2026-03-08T08:00:00Z'],
  ])('of %s in %s is due for a lead of %s at %s', (text, timezone, sold, due) => {
    expect(new Date(digestDue(text, timezone, Date.parse(sold)))).toEqual(new Date(due));
  });

  test.each(['4m', '25h', '2d', '8:00', '24:00', 'daily', '08:00-09:00', ''])('can’t be %j', (text) => {
    expect(isDigestTime(text)).toBe(false);
    expect(() => digestDue(text, CHICAGO, 0)).toThrow('which is no time');
  });
});
