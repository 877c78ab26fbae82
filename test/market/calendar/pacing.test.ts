import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextPacedSlot, pacedCap } from '../../../src/market/calendar/pacing.js';
import { compileSchedule, isOpen, openSpans } from '../../../src/market/calendar/schedule.js';
import { dayAround } from '../../../src/market/calendar/windows.js';
import { at, iso, moment, timezone } from './clocks.js';

const zone = 'America/Chicago';
const split = compileSchedule({ timezone: zone, open: ['Mon-Fri 08:00-12:00', 'Mon-Fri 14:00-18:00'] });

describe('A daily cap of 8 over eight open hours with a break allows', () => {
  test.each([
    ['none before opening', '07:59:59.999', 0],
    ['one at opening', '08:00', 1],
    ['one in the first hour', '08:59:59.999', 1],
    ['two from the second hour on', '09:00', 2],
    ['four before the break', '11:59:59.999', 4],
    ['six from the second hour after the break on', '15:00', 6],
    ['all in the last hour', '17:00', 8],
    ['all after closing', '23:59', 8],
  ])('%s', (_, time, free) => {
    expect(pacedCap(8, { schedule: split, timezone: zone }, at(`2026-11-24T${time}-06:00`))).toBe(free);
  });

  test.each([
    ['the first is free at opening', 0, '2026-11-24T06:00-06:00', '2026-11-24T08:00-06:00'],
    ['an unused lead is free at once', 1, '2026-11-24T10:30-06:00', '2026-11-24T10:30-06:00'],
    ['the next is free an hour later', 3, '2026-11-24T10:30-06:00', '2026-11-24T11:00-06:00'],
    ['the fifth is free after the break', 4, '2026-11-24T11:30-06:00', '2026-11-24T14:00-06:00'],
    [
      'during the break, unused leads are free after it',
      2,
      '2026-11-24T13:00-06:00',
      '2026-11-24T14:00-06:00',
    ],
    ['after all are used, one is free tomorrow', 8, '2026-11-24T17:30-06:00', '2026-11-25T08:00-06:00'],
    ['after closing, one is free tomorrow', 3, '2026-11-24T19:00-06:00', '2026-11-25T08:00-06:00'],
    [
      'on a closed day, one is free on the next open day',
      0,
      '2026-11-28T10:00-06:00',
      '2026-11-30T08:00-06:00',
    ],
  ])('%s', (_, used, now, slot) => {
    expect(iso(nextPacedSlot(used, 8, { schedule: split, timezone: zone }, at(now)))).toBe(iso(at(slot)));
  });
});

describe('Without a schedule, a cap is spread over the whole day', () => {
  test.each([
    ['a day of 24 hours', 24, '2026-11-24T11:30-06:00', 12],
    ['a day of 23 hours', 23, '2027-03-14T11:30-05:00', 11],
    ['a day of 25 hours', 25, '2026-11-01T11:30-06:00', 13],
  ])('%s', (_, cap, now, free) => {
    expect(pacedCap(cap, { timezone: zone }, at(now))).toBe(free);
  });

  test('one is free again at midnight', () => {
    expect(iso(nextPacedSlot(24, 24, { timezone: zone }, at('2026-11-24T23:30-06:00')))).toBe(
      iso(at('2026-11-25T00:00-06:00')),
    );
  });
});

test('A schedule that never opens allows no lead', () => {
  const never = { schedule: compileSchedule({ timezone: zone, open: [] }), timezone: zone };
  expect(pacedCap(8, never, at('2026-11-24T12:00-06:00'))).toBe(0);
  expect(nextPacedSlot(0, 8, never, at('2026-11-24T12:00-06:00'))).toBeUndefined();
});

describe('In any zone, at any time', () => {
  const hours = fc.constantFrom(
    ['Mon-Sun 08:00-20:00'],
    ['Mon-Sun 01:00-03:30', 'Mon-Fri 22:00-01:30'],
    ['Mon-Sun 00:00-24:00'],
    ['Sat-Sun 02:00-03:00'],
  );
  const world = fc
    .record({
      zone: timezone,
      open: fc.option(hours),
      elsewhere: timezone,
      when: moment,
      cap: fc.integer({ min: 1, max: 100_000 }),
    })
    .map(({ open, elsewhere, ...rest }) => ({
      ...rest,
      schedule: open ? compileSchedule({ timezone: elsewhere, open: [...open] }) : undefined,
    }));

  test('the paced cap grows over the day, from 1 at opening to all at closing', () => {
    fc.assert(
      fc.property(world, moment, ({ zone, schedule, when, cap }, other) => {
        const day = dayAround(zone, when);
        const later = Math.min(day.until - 1, when + (other % 40_000_000));
        expect(pacedCap(cap, { schedule, timezone: zone }, later)).toBeGreaterThanOrEqual(
          pacedCap(cap, { schedule, timezone: zone }, when),
        );
        const open = schedule ? [...openSpans(schedule, day.from, day.until)] : [day];
        const [first, last] = [open[0], open.at(-1)];
        if (first) expect(pacedCap(cap, { schedule, timezone: zone }, first.from)).toBe(1);
        if (last && last.until < day.until)
          expect(pacedCap(cap, { schedule, timezone: zone }, last.until)).toBe(cap);
      }),
      { numRuns: 2000 },
    );
  });

  test('the next slot is the first open moment at which the paced cap exceeds what is used', () => {
    fc.assert(
      fc.property(world, fc.nat(100_000), ({ zone, schedule, when, cap }, n) => {
        const used = n % (cap + 1);
        const slot = nextPacedSlot(used, cap, { schedule, timezone: zone }, when);
        if (slot === undefined) return;
        const open = (moment: number) => schedule === undefined || isOpen(schedule, moment);
        expect(slot).toBeGreaterThanOrEqual(when);
        expect(open(slot)).toBe(true);
        const today = slot < dayAround(zone, when).until;
        expect(pacedCap(cap, { schedule, timezone: zone }, slot)).toBeGreaterThan(today ? used : 0);
        if (today && slot > when) {
          const free = open(slot - 1) && pacedCap(cap, { schedule, timezone: zone }, slot - 1) > used;
          expect(free).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
