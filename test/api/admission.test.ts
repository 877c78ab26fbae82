import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAdmission, type Admission, type Place } from '../../src/api/admission.js';

const ANSWER_WINDOW_MS = 3000;
/** How long a lead waits for a place. */
const PATIENCE_MS = 1500;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** With so many places, whatever leads take. */
const withPlaces = (count: number): Admission =>
  createAdmission({
    most: 1000,
    answerWindowMs: ANSWER_WINDOW_MS,
    places: { count, begin: () => () => undefined },
  });

/** What is known so far of leads that were sent: their places, `undefined` for one refused, nothing for one that waits. */
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

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

it('a lead that finds a place has it, and the next one waits until it ends', async () => {
  const known = sent(withPlaces(1), ['a', 'a']);
  await settle();
  expect([...known.keys()]).toEqual([0]);
  known.get(0)?.heard({ status: 'sold' });
  await settle();
  expect(known.get(1)?.isLate).toBe(false);
});

it('of those who wait, the seller with the fewest leads under way comes first, however many another has sent', async () => {
  const known = sent(withPlaces(2), ['flood', 'flood', ...Array<string>(50).fill('flood'), 'other']);
  await settle();
  known.get(0)?.leave();
  await settle();
  expect([...known.keys()]).toEqual([0, 1, 52]);
});

it('a crowd is taken, though its last ones get no answer; a flood is refused, most of it at once', async () => {
  const admission = withPlaces(2);
  const crowd = sent(admission, Array<string>(10).fill('a'));
  await vi.advanceTimersByTimeAsync(PATIENCE_MS);
  expect([...crowd.values()].filter((place) => place?.isLate)).toHaveLength(8);

  // One is answered every half a second, and five are sent.
  const held = [...crowd.values()].filter((place) => place?.isLate === false);
  let refusedAtOnce = 0;
  for (let i = 0; i < 20; i += 1) {
    const isRefused = Array.from({ length: 5 }, () => {
      const entered = { isRefused: false };
      void admission.enter({ seller: 'a', campaign: 'any' }, ANSWER_WINDOW_MS).then((place) => {
        if (place === undefined) entered.isRefused = true;
        else if (!place.isLate) held.push(place);
      });
      return entered;
    });
    await settle();
    if (i >= 10) refusedAtOnce += isRefused.filter((entered) => entered.isRefused).length;
    held.shift()?.heard({ status: 'sold' });
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(refusedAtOnce).toBeGreaterThanOrEqual(35);
  expect(refusedAtOnce).toBeLessThan(50);
});

it('while Temporal answers nothing all leads are let in, and when it does no more than there are places', async () => {
  const admission = withPlaces(2);
  const before = sent(admission, ['a', 'a']);
  await vi.advanceTimersByTimeAsync(ANSWER_WINDOW_MS);
  const away = sent(admission, Array<string>(20).fill('a'));
  await settle();
  expect(away.size).toBe(20);
  expect([...away.values()].some((place) => place?.isLate)).toBe(false);

  // An answer that nobody waits for any more tells that it is back.
  before.get(0)?.heard({ status: 'pending' });
  const back = sent(admission, ['a']);
  await settle();
  expect(back.size).toBe(0);
});

it('never more leads are under way than there are places, and each lead hears what becomes of it', async () => {
  const step = fc.record({ seller: fc.integer({ min: 0, max: 3 }), ends: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 10 }),
      fc.array(step, { maxLength: 100 }),
      async (count, steps) => {
        const admission = withPlaces(count);
        const held: Place[] = [];
        let entered = 0;
        let heard = 0;
        for (const { seller, ends } of steps) {
          if (ends) held.shift()?.heard({ status: 'sold' });
          else {
            entered += 1;
            void admission
              .enter({ seller: String(seller), campaign: 'any' }, ANSWER_WINDOW_MS)
              .then((place) => {
                heard += 1;
                if (place && !place.isLate) held.push(place);
              });
          }
          await settle();
          expect(held.length).toBeLessThanOrEqual(count);
        }
        while (held.length > 0) {
          held.shift()?.leave();
          await settle();
        }
        await vi.advanceTimersByTimeAsync(PATIENCE_MS);
        expect(heard).toBe(entered);
      },
    ),
  );
});
