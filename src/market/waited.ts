import type { Round } from './round.js';

/**
 * How long a round waited for outside services and for the bids of its tiers, one tier after the other, ms; what is left
 * of its time is the exchange's own.
 */
export function waitedForBids({ checksMs = 0, entries }: Pick<Round, 'checksMs' | 'entries'>): number {
  const byTier = new Map<number, number>();
  for (const { tier, ms = 0 } of entries) byTier.set(tier, Math.max(byTier.get(tier) ?? 0, ms));
  return [...byTier.values()].reduce((sum, ms) => sum + ms, checksMs);
}
