import type { News } from '../market/waiting.js';
import { newsFor } from '../market/waking.js';
import type { Database } from './db.js';
import { leadInRound } from './leads.js';
import { loadTerms } from './market.js';
import { openLead } from './person.js';

/** What has changed that leads of a campaign wait for. */
export interface WakeDocument {
  /** The campaign. */
  _id: string;
  /** Those that might now take leads that wait: their terms have changed, or their buyer has paid in. */
  contracts: string[];
  /** Its terms for leads that wait are others. */
  pending?: true;
  at: Date;
  /** Until when a worker is at it. */
  leaseUntil?: Date;
}

/** By then every process knows the new terms, ms (see cache.ts). */
const KNOWN_AFTER_MS = 2000;
const LEASE_MS = 60_000;
/** After so many leads that it has looked at, the worker says that it is still at it. */
const KEEP_EVERY = 100;

/**
 * Notes that contracts have changed, for the transaction that changes them.
 * @param pending campaigns whose terms for leads that wait are others
 */
export function wakeWrites(
  { db }: Database,
  contracts: readonly { id: string; campaign: string }[],
  pending: readonly string[] = [],
) {
  const byCampaign = new Map<string, string[]>(pending.map((campaign) => [campaign, []]));
  for (const { id, campaign } of contracts)
    byCampaign.set(campaign, [...(byCampaign.get(campaign) ?? []), id]);
  return [...byCampaign].map(([campaign, ids]) => ({
    name: 'updateOne' as const,
    namespace: `${db.databaseName}.wakes`,
    filter: { _id: campaign },
    update: {
      $addToSet: { contracts: { $each: ids } },
      $set: { at: new Date(), ...(pending.includes(campaign) && { pending: true as const }) },
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

/** A change of a large campaign takes longer than a minute. */
export async function keepWake({ wakes }: Database, { _id, at }: WakeDocument, now: Date): Promise<void> {
  await wakes.updateOne({ _id, at }, { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } });
}

/** The change has been seen to; one that came meanwhile stays. */
export async function endWake({ wakes }: Database, { _id, at }: WakeDocument): Promise<void> {
  await wakes.deleteOne({ _id, at });
}

/** A waiting lead and what it is to hear; see `newsFor`. */
export interface Concerned {
  leadId: string;
  news: 'now' | News;
}

/** A change that a worker is at, and the waiting leads that it concerns. */
export interface Wake {
  leads: Concerned[];
  /** It takes longer: nobody else is to begin it. */
  keep(): Promise<void>;
  /** They have heard of it. */
  done(): Promise<void>;
}

/** The next change that nobody is at; undefined where there is none. */
export async function nextWake(database: Database, now: Date): Promise<Wake | undefined> {
  const wake = await takeWake(database, now);
  if (!wake) return undefined;
  const keep = (): Promise<void> => keepWake(database, wake, new Date());
  return {
    leads: await concernedLeads(database, wake, now.getTime(), keep),
    keep,
    done: () => endWake(database, wake),
  };
}

/**
 * Waiting leads of the campaign that have something to hear of the change, as far as contracts' own terms go.
 * @param keep see `Wake`
 */
export async function concernedLeads(
  database: Database,
  { _id: campaign, contracts, pending }: WakeDocument,
  now: number,
  keep?: () => Promise<void>,
): Promise<Concerned[]> {
  const market = await loadTerms(database, campaign);
  if (market === undefined) return [];
  const ids = new Set(contracts);
  const changed = {
    contracts: market.contracts.filter(({ contract }) => ids.has(contract.id)),
    pending: pending === true,
  };
  if (changed.contracts.length === 0 && !changed.pending) return [];
  const waiting = database.leads.find({ campaign, status: 'pending' }, { projection: { rounds: 0 } });
  const concerned: Concerned[] = [];
  let looked = 0;
  for await (const lead of waiting) {
    if (++looked % KEEP_EVERY === 0) await keep?.();
    const until = lead.dueAt?.getTime() ?? Infinity;
    const news = newsFor(market, changed, leadInRound(openLead(database.vault, lead)), until, now);
    if (news !== undefined) concerned.push({ leadId: lead._id, news });
  }
  return concerned;
}
