import { formatUtc } from '../calendar/isoTime.js';
import type { Exclusion } from './round.js';
import type { Pausable } from './market.js';

/** @param now UTC ms */
export const isPaused = ({ active, pausedUntil = 0 }: Pausable, now: number): boolean =>
  !active || now < pausedUntil;

/**
 * The exclusion by a pause, with its end if that is known; undefined if it is not paused.
 * @param what is paused, such as `the buyer`
 */
export function pauseOf(pausable: Pausable, what: string, now: number): Exclusion | undefined {
  if (!isPaused(pausable, now)) return undefined;
  const { active, pausedUntil: at } = pausable;
  if (!active || at === undefined) return { reason: 'paused', detail: what };
  return { reason: 'paused', detail: `${what}, until ${formatUtc(at)}`, change: { at, what: 'resume' } };
}
