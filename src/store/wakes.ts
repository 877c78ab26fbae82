import { refusal } from '../market/eligibility.js';
import type { Database } from './db.js';
import { leadInRound } from './leads.js';
import { loadTerms } from './market.js';
import { openLead } from './person.js';

/** Contracts of a campaign that might now take leads that wait: their terms have changed, or their buyer has paid in. */
export interface WakeDocument {
  /** The campaign. */
  _id: string;
  contracts: string[];
  at: Date;
  /** Until when a worker is at it. */
  leaseUntil?: Date;
}

/** By then every process knows the new terms, ms (see cache.ts). */
const KNOWN_AFTER_MS = 2000;
const LEASE_MS = 60_000;

/** Notes that contracts have changed, for the transaction that changes them. */
export function wakeWrites({ db }: Database, contracts: readonly { id: string; campaign: string }[]) {
  const byCampaign = new Map<string, string[]>();
  for (const { id, campaign } of contracts)
    byCampaign.set(campaign, [...(byCampaign.get(campaign) ?? []), id]);
  return [...byCampaign].map(([campaign, ids]) => ({
    name: 'updateOne' as const,
    namespace: `${db.databaseName}.wakes`,
    filter: { _id: campaign },
    update: {
      $addToSet: { contracts: { $each: ids } },
      $set: { at: new Date() },
      $unset: { leaseUntil: '' as const },
    },
    upsert: true,
  }));
}

/** Takes the oldest change that nobody is at, for a minute. */
export async function takeWake({ wakes }: Database, now: Date): Promise<WakeDocument | null> {
  const isFree = { leaseUntil: { $not: { $gt: now } } };
  const isKnown = { at: { $lte: new Date(now.getTime() - KNOWN_AFTER_MS) } };
  const wake = await wakes.findOne({ ...isKnown, ...isFree }, { sort: { at: 1 } });
  if (wake === null) return null;
  const { _id, at } = wake;
  const lease = { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } };
  const { modifiedCount } = await wakes.updateOne({ _id, at, ...isFree }, lease);
  return modifiedCount === 1 ? wake : null;
}

/** The change has been seen to; one that came meanwhile stays. */
export async function endWake({ wakes }: Database, { _id, at }: WakeDocument): Promise<void> {
  await wakes.deleteOne({ _id, at });
}

/**
 * The next change that nobody is at, with the waiting leads that it might concern; `done` when they have been woken.
 * Undefined where there is none.
 */
export async function nextWake(
  database: Database,
  now: Date,
): Promise<{ leadIds: string[]; done: () => Promise<void> } | undefined> {
  const wake = await takeWake(database, now);
  if (!wake) return undefined;
  const leadIds = await concernedLeads(database, wake, now.getTime());
  return { leadIds, done: () => endWake(database, wake) };
}

/** Waiting leads of the campaign that one of the changed contracts would take now, as far as its own terms go. */
export async function concernedLeads(
  database: Database,
  { _id: campaign, contracts }: WakeDocument,
  now: number,
): Promise<string[]> {
  const market = await loadTerms(database, campaign);
  const changed = (market?.contracts ?? []).filter(({ contract }) => contracts.includes(contract.id));
  if (!market?.campaign.active || !market.seller.active || changed.length === 0) return [];
  const waiting = database.leads.find({ campaign, status: 'pending' }, { projection: { rounds: 0 } });
  const concerned: string[] = [];
  for await (const lead of waiting) {
    const asked = leadInRound(openLead(database.vault, lead));
    if (changed.some((ready) => refusal(ready, asked, now) === undefined)) concerned.push(lead._id);
  }
  return concerned;
}
