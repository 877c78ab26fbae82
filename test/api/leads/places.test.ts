import { expect, it } from 'vitest';
import { createPlaces } from '../../../src/api/leads/places.js';

/** How long a machine takes for one lead beside others, ms, the buyers' time left out. */
type Machine = (underWay: number) => number;

/** A machine with so many processors, which they share. */
const shared =
  (aloneMs: number, processors: number): Machine =>
  (underWay) =>
    aloneMs * Math.max(1, underWay / processors);

/** Sends leads for so long, as many at once as find a place; the first ones, one after another. */
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
    // Every other campaign's leads find nobody to buy them, and take a fifth.
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

/** How many places there were most of the time in the second half. */
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
])('%s: so many places that a lead takes half as long again', (_, machine, options, least, most) => {
  const count = usual(flood(machine, options).counts);
  expect(count).toBeGreaterThanOrEqual(least);
  expect(count).toBeLessThanOrEqual(most);
});

it('as long as nobody needs more, the places stay, also where leads are never alone or slow for buyers', () => {
  const { counts } = flood(shared(100, 8), { atOnce: 6, waitedMs: 2000, seconds: 200 });
  expect(new Set(counts)).toEqual(new Set([16]));
});

it('when all need more than there are, no more than half of the places are ever gone to learn from it', () => {
  const { counts } = flood(shared(20, 10_000), { most: 40, waitedMs: 2000, seconds: 200 });
  const late = counts.slice(counts.length / 2);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(20);
});

it('a machine that has become slower for every lead has its places back once that is learnt', () => {
  let clock = 0;
  const places = createPlaces(1000, () => clock);
  /** Two at a time, whatever the places. */
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
