import type { Round } from './round.js';

/**
 * How long a round waited for outside services and for the bids of its tiers, one tier after the other, and of those in a
 * tier that were asked again, ms; what is left of its time is the exchange's own.
 */
export function waitedForBids({ checksMs = 0, entries }: Pick<Round, 'checksMs' | 'entries'>): number {
  const byTime = new Map<string, number>();
  for (const { tier, again, ms = 0 } of entries) {
    const time = `${tier}${again === 'asked' ? ' again' : ''}`;
    byTime.set(time, Math.max(byTime.get(time) ?? 0, ms));
  }
  return [...byTime.values()].reduce((sum, ms) => sum + ms, checksMs);
}
