import { newRound } from '../src/market/eligibility/newRound.js';
import { sandboxRound } from '../src/market/eligibility/sandboxPlan.js';
import {
  planRound as planByRules,
  withinLimits,
  type LimitState,
  type Plan,
} from '../src/market/eligibility/plan.js';
import { isByDuplicateRule, type PersonHashes } from '../src/market/limits/duplicates.js';
import type { Round } from '../src/market/model/round.js';
import type { LeadDocument, UsageDocument } from '../src/store/documents.js';
import { leadInRound } from '../src/store/leads/leads.js';
import { findSeller, type BuyerWithSecret, type StoredTerms } from '../src/store/market/storedTerms.js';
import { comparedOf, findCompared } from '../src/store/persons/commonValues.js';
import { listedBy } from '../src/store/persons/suppressions.js';
import { accountId, readUsage, withoutReservationsOf } from '../src/store/sales/capacity.js';
import { planChecks } from './checks.js';
import type { Deps } from './deps.js';

/** A round before its first ping: who may be asked, after everything that the store and outside services say. */
export async function planRound(
  deps: Deps,
  market: StoredTerms | undefined,
  lead: LeadDocument,
  { number, now }: { number: number; now: number },
): Promise<Round> {
  const isOver = market === undefined || lead.sandbox === 'expired';
  if (isOver) return emptyRound(deps, lead, number, now);
  if (lead.sandbox !== undefined) {
    const times = { number, receivedAt: lead.receivedAt.getTime(), now };
    return sandboxRound(market, lead.sandbox, times, leadInRound(lead).offered);
  }
  const { plan, known, notCompared } = await planWithinLimits(deps, market, lead, now);
  const { plan: open, checksMs } = await planChecks(deps, market, plan, lead);
  const receivedAt = lead.receivedAt.getTime();
  const round = newRound(market, { number, receivedAt, now }, open, known.usage);
  return { ...round, terms: { ...round.terms, promised: lead.promise?.least }, checksMs, notCompared };
}

/**
 * The contracts that the rules and the limits allow. Values that many leads share are no match keys: they are looked up
 * only if a duplicate rule would exclude a contract.
 */
async function planWithinLimits(
  deps: Deps,
  market: StoredTerms,
  lead: LeadDocument,
  now: number,
): Promise<{ plan: Plan<BuyerWithSecret>; known: LimitState; notCompared: Round['notCompared'] }> {
  const asked = leadInRound(lead);
  const eligible = planByRules(market, asked, now);
  const hasRules =
    market.campaign.duplicates !== undefined ||
    eligible.open.some(({ contract }) => contract.duplicates !== undefined);
  let match = hasRules ? comparedOf(lead.match) : {};
  const known = await limitsOf(deps, market, eligible, { lead, match });
  let plan = withinLimits(eligible, market, { ...asked, match }, { ...known, now });
  if (hasRules && plan.excluded.some(isByDuplicateRule)) {
    match = await findCompared(deps.database, lead.match);
    plan = withinLimits(eligible, market, { ...asked, match }, { ...known, now });
  }
  const fields = (['phone', 'email'] as const).filter((field) => match[field] !== lead.match[field]);
  return { plan, known, notCompared: hasRules && fields.length > 0 ? fields : undefined };
}

/** Reads the counts, balances and persons that the rules of these contracts need, and nothing for the others. */
async function limitsOf(
  { database, circuits }: Deps,
  { campaign, buyersLists }: StoredTerms,
  plan: Plan<BuyerWithSecret>,
  { lead, match }: { lead: LeadDocument; match: PersonHashes },
): Promise<LimitState> {
  const counts =
    campaign.sale.award === 'expectedValue' ||
    campaign.stages?.some(({ award }) => award === 'expectedValue');
  const ids = plan.open.flatMap(({ contract, buyer, limited }) => [
    ...(limited || counts === true ? [contract.id] : []),
    ...(buyer.balance === undefined ? [] : [accountId(buyer.id)]),
  ]);
  const withLists = buyersLists ? plan.open.map(({ buyer }) => buyer.id) : [];
  const [{ usage, purchases }, failing, listed] = await Promise.all([
    readUsage(database, [...new Set(ids)], match),
    circuits(),
    listedBy(database, withLists, lead.match),
  ]);
  return { usage: usageFor(lead, usage), purchases, circuits: failing, listedBy: listed };
}

/** A promise to the seller is reserved for the lead, which may use it. */
function usageFor(lead: LeadDocument, usage: ReadonlyMap<string, UsageDocument>): LimitState['usage'] {
  if (lead.promise === undefined) return usage;
  return new Map([...usage].map(([id, used]) => [id, withoutReservationsOf(lead._id, used)]));
}

/** Nobody is asked, and the lead expires at once: the campaign has left the market, or the sandbox says so. */
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
    version: 0,
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
