import { expect, it } from 'vitest';
import { createPlaces } from '../../../src/api/leads/places.js';

/** Time for one lead beside others, ms, without the buyers' time. */
type Machine = (underWay: number) => number;

/** A machine with N shared processors. */
const shared =
  (aloneMs: number, processors: number): Machine =>
  (underWay) =>
    aloneMs * Math.max(1, underWay / processors);

/** Sends leads for a duration, as many concurrently as there are places; the first ones sequentially. */
function flood(
  machine: Machine,
  { waitedMs = 10, seconds = 60, alone = 5, most = 1000, atOnce = Infinity }: Record<string, number> = {},
) {
  let clock = 0;
  const places = createPlaces(most, () => clock);
  const counts: number[] = [];
  const underWay: { endsAt: number; end: () => void }[] = [];
  const enter = (campaign: string): void => {
    const end = places.begin(campaign, underWay.length);
    // Leads of every second campaign find no buyer and take a fifth of the time.
    const ownMs = machine(underWay.length + 1) * (campaign === 'dear' ? 1 : 0.2);
    underWay.push({ endsAt: clock + ownMs + waitedMs, end: () => end({ ownMs, waitedMs }) });
  };
  for (let ended = 0; clock < seconds * 1000; ended += 1) {
    const room = ended < alone ? 1 : Math.min(places.count, atOnce);
    while (underWay.length < room) enter(ended % 3 === 0 && ended >= alone ? 'cheap' : 'dear');
    underWay.sort((a, b) => a.endsAt - b.endsAt);
    const next = underWay.shift();
    clock = Math.max(clock, next?.endsAt ?? clock);
    next?.end();
    counts.push(places.count);
  }
  return { count: places.count, counts };
}

/** The most frequent number of places in the second half. */
const usual = (counts: readonly number[]): number => {
  const late = counts.slice(counts.length / 2).toSorted((a, b) => a - b);
  return late[Math.floor(late.length / 2)] ?? NaN;
};

it.each([
  ['a small machine that does one lead at a time', shared(100, 1), {}, 2, 4],
  ['one with eight processors', shared(100, 8), {}, 8, 18],
  ['one with many, and nothing slows it', shared(20, 10_000), { most: 300, seconds: 6 }, 300, 300],
  ['no more than the setting says', shared(20, 10_000), { most: 50, seconds: 6 }, 50, 50],
  [
    'buyers who take a second, so that the exchange may take longer',
    shared(100, 8),
    { waitedMs: 1000 },
    40,
    80,
  ],
  [
    'a process that began in the flood and has seen no lead alone',
    shared(100, 1),
    { alone: 0, seconds: 300 },
    2,
    4,
  ],
])('%s: the number of places at which a lead takes 1.5 times as long', (_, machine, options, least, most) => {
  const count = usual(flood(machine, options).counts);
  expect(count).toBeGreaterThanOrEqual(least);
  expect(count).toBeLessThanOrEqual(most);
});

it('the number of places stays while no more are needed, even if leads are never alone or buyers are slow', () => {
  const { counts } = flood(shared(100, 8), { atOnce: 6, waitedMs: 2000, seconds: 200 });
  expect(new Set(counts)).toEqual(new Set([16]));
});

it('under overload, at most half of the places are removed for measurement', () => {
  const { counts } = flood(shared(20, 10_000), { most: 40, waitedMs: 2000, seconds: 200 });
  const late = counts.slice(counts.length / 2);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(20);
});

it('a machine that has become slower for every lead gets its places back after a new measurement', () => {
  let clock = 0;
  const places = createPlaces(1000, () => clock);
  /** Two at a time, regardless of the places. */
  const send = (ms: number): void => {
    const ends = [places.begin('any', 0), places.begin('any', places.count)];
    clock += ms;
    for (const end of ends) end({ ownMs: ms, waitedMs: 0 });
  };
  for (let i = 0; i < 50; i += 1) send(100);
  const had = places.count;
  for (let i = 0; i < 8; i += 1) send(500);
  expect(places.count).toBeLessThan(had);
  for (let i = 0; i < 500; i += 1) send(500);
  expect(places.count).toBeGreaterThanOrEqual(had);
});
