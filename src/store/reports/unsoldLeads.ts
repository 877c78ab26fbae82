import { v7 } from 'uuid';
import type { Filter } from 'mongodb';
import type { LeadStatus } from '../../market/model/lead.js';
import { budgetLeft, contractExclusion } from '../../market/eligibility/plan.js';
import type { LeadReason } from '../../market/model/reason.js';
import type { Exclusion } from '../../market/model/round.js';
import { countReasons, type ContractReasons } from '../../market/wording/unsoldReasons.js';
import { accountId, readUsage } from '../sales/capacity.js';
import { readCircuits } from '../fairness/circuits.js';
import type { Database } from '../db.js';
import { loadTerms } from '../market/storedTerms.js';
import type { StoredLead } from '../documents.js';
import { lastRoundOf } from '../leads/rounds.js';

/** Filters for leads; test leads are never included. */
export interface UnsoldQuery {
  since: Date;
  /** Exclusive end of the period. */
  until: Date;
  seller?: string;
  campaign?: string;
  /** Only this buyer's reasons. */
  buyer?: string;
}

/** The statuses of unsold leads that may have had a round; during the first round a lead is `received`. */
const UNSOLD = ['pending', 'expired', 'withdrawn'] as const satisfies readonly LeadStatus[];

/** Why the leads of a period, or of a part of it, are unsold. */
export interface UnsoldPart {
  /** The number of unsold leads by their own reason; `none` before the first round. */
  leads: Map<LeadReason | 'none', number>;
  /** Of these, leads with a post in progress, for which no reason counts yet. */
  underWay: number;
  contracts: ContractReasons[];
  /** The last lead of the part, if more follow. */
  next?: string;
}

const those = ({ since, until, seller, campaign }: UnsoldQuery): Filter<StoredLead> => ({
  // Ids begin with their time, so the index of ids finds the period. The minute is for clock differences.
  _id: { $gte: firstIdOf(since.getTime() - 60_000) },
  receivedAt: { $gte: since, $lt: until },
  test: false,
  seller,
  campaign,
});

const firstIdOf = (at: number): string => v7({ msecs: Math.max(0, at), random: new Uint8Array(16), seq: 0 });

export async function countByStatus(
  { leads }: Database,
  query: UnsoldQuery,
): Promise<Map<LeadStatus, number>> {
  const found = await leads
    .aggregate<{ _id: LeadStatus; count: number }>([
      { $match: those(query) },
      { $group: { _id: '$status', count: { $sum: 1 } } },
    ])
    .toArray();
  return new Map(found.map(({ _id, count }) => [_id, count]));
}

const WITH_ROUNDS = { reason: 1, rounds: 1, claims: 1, passed: 1, claimed: 1 } as const;

/** Leads per read: a round may be large. */
const BATCH = 200;

/**
 * Counts why contracts did not buy the unsold leads of a period, by each lead's last round. Reads at most `most` leads,
 * in the order of their ids.
 * @param after the `next` of the previous part
 */
export async function unsoldReasons(
  { leads }: Database,
  query: UnsoldQuery,
  { after, most }: { after?: string; most: number },
): Promise<UnsoldPart> {
  const { _id, ...filter } = those(query);
  const cursor = leads
    .find({ ...filter, _id: after === undefined ? _id : { $gt: after }, status: { $in: [...UNSOLD] } })
    .project<Pick<StoredLead, '_id' | 'reason' | 'rounds' | 'claims' | 'passed' | 'claimed'>>(WITH_ROUNDS)
    .sort({ _id: 1 })
    .limit(most)
    .batchSize(BATCH);
  const part: UnsoldPart = { leads: new Map(), underWay: 0, contracts: [] };
  const counts = new Map<string, ContractReasons>();
  let read = 0;
  let last: string | undefined;
  for await (const lead of cursor) {
    read += 1;
    last = lead._id;
    const lastRound = lastRoundOf(lead);
    const reason = lead.reason ?? 'none';
    part.leads.set(reason, (part.leads.get(reason) ?? 0) + 1);
    if (lead.claimed > 0) part.underWay += 1;
    else if (lastRound)
      countReasons(counts, lastRound, (buyer) => query.buyer === undefined || buyer === query.buyer);
  }
  return { ...part, contracts: [...counts.values()], next: read === most ? last : undefined };
}

/** The present state of a contract: `gone` from the market, why it buys no lead at all, or the maximum price. */
export type ContractNow = 'gone' | Exclusion | { upTo: string } | undefined;

export async function contractsNow(
  database: Database,
  contracts: readonly string[],
  now: number,
): Promise<Map<string, ContractNow>> {
  const ids = new Set(contracts);
  const campaigns = new Set(contracts.map((id) => id.slice(0, id.lastIndexOf('/'))));
  const circuits = await readCircuits(database);
  const found = new Map<string, ContractNow>(contracts.map((id) => [id, 'gone']));
  for (const campaign of campaigns) {
    const market = await loadTerms(database, campaign);
    const named = market?.contracts.filter(({ contract }) => ids.has(contract.id)) ?? [];
    if (market === undefined || named.length === 0) continue;
    const accounts = named.flatMap(({ contract, buyer }) => [contract.id, accountId(buyer.id)]);
    const { usage } = await readUsage(database, [...new Set(accounts)], {});
    for (const ready of named)
      found.set(
        ready.contract.id,
        contractExclusion(ready, market, { usage, circuits }, now) ??
          budgetLeft(ready, market.campaign, usage.get(ready.contract.id), now),
      );
  }
  return found;
}
