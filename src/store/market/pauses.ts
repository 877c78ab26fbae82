import { marketFileOf } from '../../market/file/changeMarket.js';
import { formatInstant } from '../../market/calendar/isoTime.js';
import type { Pausable } from '../../market/model/market.js';
import { applyMarket } from './apply.js';
import type { Actor } from '../audit.js';
import type { Database } from '../db.js';

/** The object to pause or resume; see `Pausable`. */
export type PauseTarget =
  | { kind: 'buyer'; id: string }
  | { kind: 'campaign'; seller: string; category: string }
  | { kind: 'contract'; seller: string; category: string; buyer: string };

/**
 * Pauses or resumes an object of the stored market. It applies a market file with these two keys, so that the change is
 * audited and waiting leads are notified. Returns whether anything has changed.
 * @throws Error if the market can't be changed, which no fault of these two keys can cause
 */
export async function setPause(
  database: Database,
  paused: PauseTarget,
  { active, pausedUntil }: Pausable,
  by: Actor,
): Promise<boolean> {
  const keys = { active, pausedUntil: pausedUntil === undefined ? null : formatInstant(pausedUntil) };
  const applied = await applyMarket(database, marketFileOf(fileOf(paused, keys)), { by, confirmed: true });
  if ('changes' in applied) return applied.changes.some(({ change }) => change === 'changed');
  const [fault] = 'faults' in applied ? applied.faults : [];
  throw new Error(`The market could not be changed: ${fault?.message ?? 'it changed at the same time'}`);
}

function fileOf(paused: PauseTarget, keys: object): Record<string, unknown> {
  if (paused.kind === 'buyer') return { buyers: [{ id: paused.id, ...keys }] };
  const { seller, category } = paused;
  if (paused.kind === 'campaign') return { campaigns: [{ seller, category, ...keys }] };
  return { campaigns: [{ seller, category, contracts: [{ buyer: paused.buyer, ...keys }] }] };
}

/** The number of leads that wait for a buyer in these campaigns. */
export async function countWaiting({ leads }: Database, campaigns: readonly string[]): Promise<number> {
  // One count per campaign: each uses the index of waiting leads.
  const counts = await Promise.all(
    campaigns.map((campaign) => leads.countDocuments({ campaign, status: 'pending' })),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
