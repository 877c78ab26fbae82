import { askGroup } from './asking.js';
import type { Round } from '../model/round.js';

/**
 * How long a round waited for outside checks and for bids, ms: the slowest answer of each tier, and of each group
 * that was asked again, added up. The rest of the round's time is the exchange's own.
 */
export function waitedForBids({ checksMs = 0, entries }: Pick<Round, 'checksMs' | 'entries'>): number {
  const byTime = new Map<string, number>();
  for (const entry of entries) {
    const time = askGroup(entry);
    byTime.set(time, Math.max(byTime.get(time) ?? 0, entry.ms ?? 0));
  }
  return [...byTime.values()].reduce((sum, ms) => sum + ms, checksMs);
}
