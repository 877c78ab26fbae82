import { planChecks } from './checks.js';
import { nextTier } from '../src/market/asking.js';
import type { LeadStatus } from '../src/market/lead.js';
import { newRound } from '../src/market/newRound.js';
import { planRound, withinLimits, type Known, type Plan } from '../src/market/plan.js';
import type { Round } from '../src/market/round.js';
import { accountId, readUsage } from '../src/store/capacity.js';
import {
  findLeadForRound,
  leadInRound,
  seenToEnd,
  storeRound,
  type LeadDocument,
} from '../src/store/leads.js';
import { findSeller, type BuyerWithSecret, type StoredTerms } from '../src/store/market.js';
import { withdrawIfSuppressed } from '../src/store/suppressions.js';
import { ask } from './ask.js';
import type { Deps } from './index.js';

export interface RoundRequest {
  leadId: string;
  number: number;
  /** The workflow's time, UTC ms: a repeat after a crash plans with the time of its own task. */
  now: number;
  /** When the source is answered, UTC ms; absent where nobody waits for this round. */
  answerBy?: number;
}

/** Another hand sold the lead or took it off sale: no new round is held. */
export interface NoRound {
  ended: Extract<LeadStatus, 'sold' | 'expired' | 'withdrawn'>;
  /** How many addresses of the seller are told. */
  addresses: number;
}

/**
 * Holds one round up to the bids of its first tier: who is eligible, what they bid, a reason for everybody else. The
 * round is stored before it is returned, and a repeat returns the stored one instead of asking again, so whoever
 * repeats it decides the same.
 */
export const runRound =
  (deps: Deps) =>
  async ({ leadId, number, now, answerBy }: RoundRequest): Promise<Round | NoRound> => {
    const lead = await findLeadForRound(deps.database, leadId, number);
    if (lead === null) throw new Error(`No lead ${leadId} is stored`);
    const stored = lead.rounds[number];
    if (stored !== undefined) return stored;
    if (lead.status !== 'received' && lead.status !== 'pending') {
      if (lead.dueAt !== undefined) await seenToEnd(deps.database, leadId);
      return noRound(deps, lead, lead.status);
    }
    // Before the first round the API has looked at the lists. Since then the import may have met the lead at a buyer.
    if (number > 1 && (await withdrawIfSuppressed(deps.database, lead)))
      return noRound(deps, lead, 'withdrawn');
    const market = await deps.terms(lead.campaign);
    if (market === undefined)
      return storeRound(deps.database, leadId, await emptyRound(deps, lead, number, now));

    const { plan, known, checksMs } = await planOf(deps, market, lead, now);
    const receivedAt = lead.receivedAt.getTime();
    const planned = newRound(market, { number, receivedAt, now }, plan, known.usage);
    const round = { ...planned, ...(checksMs !== undefined && { checksMs }) };
    return ask(deps, market, lead, round, nextTier(round).asked, answerBy);
  };

async function noRound(
  { database }: Deps,
  { seller }: LeadDocument,
  ended: NoRound['ended'],
): Promise<NoRound> {
  return { ended, addresses: (await findSeller(database, seller))?.postbacks.length ?? 0 };
}

/** Who may be asked, after everything that the store and outside services say. */
async function planOf(
  deps: Deps,
  market: StoredTerms,
  lead: LeadDocument,
  now: number,
): Promise<{ plan: Plan<BuyerWithSecret>; known: Known; checksMs?: number }> {
  const asked = leadInRound(lead);
  const first = planRound(market, asked, now);
  const known = await knownOf(deps, market, first, lead);
  const second = withinLimits(first, market, asked, known, now);
  return { ...(await planChecks(deps, market, second, lead)), known };
}

/** Reads what the rules of the contracts in question ask for, and nothing for those that ask for nothing. */
async function knownOf(
  { database, circuits }: Deps,
  { campaign }: StoredTerms,
  plan: Plan<BuyerWithSecret>,
  lead: LeadDocument,
): Promise<Known> {
  const counts =
    campaign.sale.award === 'expectedValue' ||
    campaign.stages?.some(({ award }) => award === 'expectedValue');
  const ids = plan.open.flatMap(({ contract, buyer, limited }) => [
    ...(limited || counts === true ? [contract.id] : []),
    ...(buyer.balance === undefined ? [] : [accountId(buyer.id)]),
  ]);
  const isAskedFor =
    campaign.duplicates ?? plan.open.some(({ contract }) => contract.duplicates !== undefined);
  const [{ usage, holds }, failing] = await Promise.all([
    readUsage(database, [...new Set(ids)], isAskedFor ? lead.match : {}),
    circuits(),
  ]);
  return { usage, holds, circuits: failing };
}

/** A campaign that is gone has no terms left: the lead expires at once, sold to nobody. */
async function emptyRound(
  { database }: Deps,
  lead: LeadDocument,
  number: number,
  now: number,
): Promise<Round> {
  const seller = await findSeller(database, lead.seller);
  return {
    number,
    campaign: lead.campaign,
    version: 1,
    at: now,
    terms: {
      currency: lead.currency,
      sale: { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid' },
      pending: { retryAfter: [], expireAfter: 0 },
    },
    excluded: [],
    entries: [],
    later: [],
    changes: [],
    tell: { postbacks: seller?.postbacks.length ?? 0, notices: {} },
  };
}
