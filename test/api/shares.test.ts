import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createShares } from '../../src/api/shares.js';

/** How many of so many requests at once find a place. */
const taken = (enter: () => unknown, requests = 100): number =>
  Array.from({ length: requests }, enter).filter((leave) => leave !== undefined).length;

it('one seller alone gets half of the places, and another that comes then gets its own', () => {
  const shares = createShares(12);
  expect(taken(() => shares.enter('flood'))).toBe(6);
  expect(taken(() => shares.enter('other'))).toBe(4);
  expect(taken(() => shares.enter('third'))).toBe(2);
  expect(taken(() => shares.enter('flood'))).toBe(0);
});

it('a place that is given back is taken again', () => {
  const shares = createShares(2);
  const leave = shares.enter('seller');
  expect(shares.enter('seller')).toBeUndefined();
  leave?.();
  expect(shares.enter('seller')).toBeDefined();
});

it('whoever has nothing under way finds a place while there is one, and never more are taken than there are', () => {
  const step = fc.record({ seller: fc.integer({ min: 0, max: 4 }), leaves: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
      const shares = createShares(limit);
      const held: (() => void)[][] = [[], [], [], [], []];
      for (const { seller, leaves } of steps) {
        const own = held[seller] ?? [];
        const total = held.flat().length;
        if (leaves) own.pop()?.();
        else {
          const leave = shares.enter(String(seller));
          if (own.length === 0) expect(leave !== undefined).toBe(total < limit);
          if (leave !== undefined) own.push(leave);
        }
        expect(held.flat().length).toBeLessThanOrEqual(limit);
      }
    }),
  );
});
