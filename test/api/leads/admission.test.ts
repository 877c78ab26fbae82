import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAdmission, type Admission, type Place } from '../../../src/api/leads/admission.js';

const ANSWER_WINDOW_MS = 3000;
/** Wait for a place. */
const PATIENCE_MS = 1500;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** With a fixed number of places. */
const withPlaces = (count: number, mostLater?: number): Admission =>
  createAdmission({
    most: 1000,
    answerWindowMs: ANSWER_WINDOW_MS,
    places: { count, begin: () => () => undefined },
    mostLater,
  });

/** Results so far: places by lead, `undefined` for a lead without a place, and no entry for a waiting lead. */
function sent(admission: Admission, sellers: readonly string[]) {
  const known = new Map<number, Place | undefined>();
  sellers.forEach(
    (seller, i) =>
      void admission
        .enter({ seller, campaign: 'any' }, ANSWER_WINDOW_MS)
        .then((place) => known.set(i, place)),
  );
  return known;
}

/** Started stored leads by number, in order, with their places. */
function stored(admission: Admission, sellers: readonly string[]) {
  const started = new Map<number, Place>();
  sellers.forEach((seller, i) =>
    admission.enterLater({ seller, campaign: 'any' }, (place) => started.set(i, place)),
  );
  return started;
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

it('a lead takes a free place, and the next one waits until that lead ends', async () => {
  const known = sent(withPlaces(1), ['a', 'a']);
  await settle();
  expect([...known.keys()]).toEqual([0]);
  known.get(0)?.answered({ status: 'sold' });
  await settle();
  expect(known.get(1)).toBeDefined();
});

it('among waiting leads, the seller with the fewest leads under way comes first, regardless of the queue of others', async () => {
  const known = sent(withPlaces(2), ['flood', 'flood', ...Array<string>(50).fill('flood'), 'other']);
  await settle();
  known.get(0)?.leave();
  await settle();
  expect([...known.keys()]).toEqual([0, 1, 52]);
});

it('a lead whose source can’t wait longer is rejected and blocks no place', async () => {
  const admission = withPlaces(1);
  const known = sent(admission, ['a', 'a', 'a']);
  await vi.advanceTimersByTimeAsync(PATIENCE_MS);
  expect([known.has(1), known.get(1), known.get(2)]).toEqual([true, undefined, undefined]);
  known.get(0)?.leave();
  const next = sent(admission, ['a']);
  await settle();
  expect(next.get(0)).toBeDefined();
});

it('a lead that does not wait is rejected at once', async () => {
  const admission = withPlaces(1);
  sent(admission, ['a']);
  const place = admission.enter({ seller: 'a', campaign: 'any' }, 0);
  await settle();
  expect(await place).toBeUndefined();
});

it('stored leads start after leads with waiting sources, in turn by seller', async () => {
  const admission = withPlaces(1);
  const [first] = [sent(admission, ['a'])];
  await settle();
  const later = stored(admission, ['flood', 'flood', 'flood', 'b']);
  const waits = sent(admission, ['c']);
  first.get(0)?.leave();
  await settle();
  expect([waits.size, later.size]).toEqual([1, 0]);
  waits.get(0)?.leave();
  for (let i = 0; i < 4; i += 1) [...later.values()].at(-1)?.answered({ status: 'sold' });
  expect([...later.keys()]).toEqual([0, 3, 1, 2]);
});

it('a stored lead starts at once if a place is free', () => {
  expect(stored(withPlaces(2), ['a', 'a', 'a']).size).toBe(2);
});

it('only a limited number of stored leads is queued, and the sweep starts the others', () => {
  const admission = withPlaces(1, 3);
  const later = stored(admission, Array<string>(10).fill('a'));
  for (let i = 0; i < 10; i += 1) [...later.values()].at(-1)?.leave();
  // The first one started at once.
  expect([...later.keys()]).toEqual([0, 1, 2, 3]);
  expect(stored(admission, ['a']).size).toBe(1);
});

it('new leads do not wait while Temporal does not answer, and afterwards no more leads run than there are places', async () => {
  const admission = withPlaces(2);
  const before = sent(admission, ['a', 'a']);
  await vi.advanceTimersByTimeAsync(ANSWER_WINDOW_MS);
  const away = sent(admission, Array<string>(20).fill('a'));
  await settle();
  expect([...away.values()].filter((place) => place !== undefined)).toHaveLength(20);
  // At most as many stored leads as places, because their starts would fail together.
  expect(stored(admission, ['a']).size).toBe(0);

  // A late answer shows that Temporal is back.
  before.get(0)?.answered({ status: 'pending' });
  const back = sent(admission, ['a']);
  await settle();
  expect(back.size).toBe(0);
});

it('never more leads are under way than there are places, and each lead is started or rejected', async () => {
  const step = fc.record({
    seller: fc.integer({ min: 0, max: 3 }),
    does: fc.constantFrom('waits', 'is stored', 'ends'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 10 }),
      fc.array(step, { maxLength: 100 }),
      async (count, steps) => {
        const admission = withPlaces(count);
        const held: Place[] = [];
        let entered = 0;
        let told = 0;
        const enter = (seller: number, does: 'waits' | 'is stored'): void => {
          const lead = { seller: String(seller), campaign: 'any' };
          const take = (place?: Place): void => {
            told += 1;
            if (place) held.push(place);
          };
          entered += 1;
          if (does === 'waits') void admission.enter(lead, ANSWER_WINDOW_MS).then(take);
          else admission.enterLater(lead, take);
        };
        for (const { seller, does } of steps) {
          if (does === 'ends') held.shift()?.answered({ status: 'sold' });
          else enter(seller, does);
          await settle();
          expect(held.length).toBeLessThanOrEqual(count);
        }
        while (held.length > 0) {
          held.shift()?.leave();
          await settle();
        }
        expect(told).toBe(entered);
      },
    ),
  );
});
