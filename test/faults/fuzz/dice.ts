import { drawOf, oneOf } from '../torture/draw.js';

/** Random choices for one request, reproducible by seed and number. */
export interface Dice {
  /** A whole number from 0, below `count`. */
  below(count: number): number;
  /** True in this share of cases. */
  chance(share: number): boolean;
  oneOf<T>(all: readonly T[]): T;
}

export function diceOf(seed: number, number: number): Dice {
  const draw = drawOf(seed);
  let thrown = 0;
  const next = (): number => draw('fuzz', number, (thrown += 1));
  return {
    below: (count) => Math.floor(next() * count),
    chance: (share) => next() < share,
    oneOf: (all) => oneOf(next(), all),
  };
}
