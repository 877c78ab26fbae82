import { fnv1a } from '../../../src/market/hash.js';

/**
 * Deterministic numbers from 0 to 1: the same seed and words give the same number, in any order of calls. So a buyer's
 * behaviour at the third attempt of lead 17 does not depend on earlier events.
 */
export type Draw = (...words: (string | number)[]) => number;

export const drawOf =
  (seed: number): Draw =>
  (...words) =>
    spread(fnv1a(`${seed}/${words.join('/')}`)) / 2 ** 32;

/** The last step of MurmurHash3 (32 bits): FNV-1a alone gives similar numbers for words that differ in their last letter. */
function spread(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A whole number from `from` to `to`, both included. */
export const between = (drawn: number, from: number, to: number): number =>
  from + Math.floor(drawn * (to - from + 1));

export function oneOf<T>(drawn: number, all: readonly T[]): T {
  const found = all[Math.floor(drawn * all.length)];
  if (found === undefined) throw new Error('There is nothing to draw from');
  return found;
}

/** Relative frequencies. */
export type Weights<Name extends string> = Partial<Record<Name, number>>;

export function weighted<Name extends string>(drawn: number, weights: Weights<Name>): Name {
  const all = Object.entries(weights) as [Name, number][];
  let left = drawn * all.reduce((sum, [, weight]) => sum + weight, 0);
  const found = all.find(([, weight]) => (left -= weight) < 0);
  return oneOf(drawn, found ? [found[0]] : all.map(([name]) => name));
}

/** The same elements in a pseudorandom order. */
export const shuffled = <T>(all: readonly T[], draw: Draw, ...words: (string | number)[]): T[] =>
  all
    .map((one, i) => ({ one, place: draw(...words, i) }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
