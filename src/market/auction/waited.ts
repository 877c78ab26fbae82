import { askGroup } from './asking.js';
import type { Round } from '../model/round.js';

/**
 * How long a round waited for outside services and for the bids of its tiers, one tier after the other, and of those in a
 * tier that were asked again, ms; what is left of its time is the exchange's own.
 */
export function waitedForBids({ checksMs = 0, entries }: Pick<Round, 'checksMs' | 'entries'>): number {
  const byTime = new Map<string, number>();
  for (const entry of entries) {
    const time = askGroup(entry);
    byTime.set(time, Math.max(byTime.get(time) ?? 0, entry.ms ?? 0));
  }
  return [...byTime.values()].reduce((sum, ms) => sum + ms, checksMs);
}
