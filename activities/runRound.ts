import { planChecks } from './checks.js';
import { nextTier } from '../src/market/auction/asking.js';
import { metrics } from '../src/metrics.js';
import { newRound } from '../src/market/eligibility/newRound.js';
import { planRound, withinLimits, type LimitState, type Plan } from '../src/market/eligibility/plan.js';
import { isByDuplicateRule, type PersonHashes } from '../src/market/limits/duplicates.js';
import type { EndStatus } from '../src/market/model/lead.js';
import type { Round } from '../src/market/model/round.js';
import { withdrawnBy, type WithdrawnBy } from '../src/market/model/statusView.js';
import type { Before } from '../src/market/wording/story.js';
import { accountId, readUsage } from '../src/store/sales/capacity.js';
import {
  findLeadSummary,
  leadInRound,
  stateForWorkflow,
  UnknownLeadError,
} from '../src/store/leads/leads.js';
import type { LeadDocument } from '../src/store/documents.js';
import { findLeadForRound, findRound, moveRounds, storeRound } from '../src/store/leads/rounds.js';
import { findSeller, type BuyerWithSecret, type StoredTerms } from '../src/store/market/storedTerms.js';
import { comparedOf, findCompared } from '../src/store/persons/commonValues.js';
import { isSuppressed, listedBy } from '../src/store/persons/suppressions.js';
import { stateOf, withdraw, type LeadState } from '../src/store/leads/withdrawals.js';
import { ask } from './ask.js';
import { beforeOf } from './before.js';
import type { Deps } from './deps.js';

export interface RoundRequest {
  leadId: string;
  number: number;
  /** The workflow's time, UTC ms: a repeat after a crash plans with the time of its own task. */
  now: number;
  /** When the source is answered, UTC ms; absent if nobody waits for this round. */
  answerBy?: number;
  /** Whether the run does not know yet what has become of the lead before. */
  asksBefore?: boolean;
}

/** No new round is held: the lead has ended, or was withdrawn while a post was in flight and ends with its answer. */
export interface NoRound {
  ended: EndStatus | 'withdrawing';
  /** The number of the seller's postback addresses. */
  addresses: number;
  /** Of a withdrawn lead: who took it off sale, if that is stored. */
  withdrawnBy?: WithdrawnBy;
}

/**
 * Holds one round up to the bids of its first tier: who is eligible, what they bid, a reason for everybody else. The
 * round is stored before it is returned, and a repeat returns the stored one instead of asking again, so every caller that
 * repeats it decides the same.
 */
export const runRound =
  (deps: Deps) =>
  async (request: RoundRequest): Promise<(Round | NoRound) & { before?: Before }> => {
    const { leadId, number, asksBefore } = request;
    const lead = await findLeadForRound(deps.database, leadId);
    if (lead === null) throw new UnknownLeadError(leadId);
    const result = await hold(deps, lead, request);
    const hasBefore = number > 1 || (lead.lastRound ?? 0) > number;
    if (asksBefore !== true || !hasBefore) return result;
    return { ...result, before: await beforeOf(deps.database, leadId) };
  };

async function hold(
  deps: Deps,
  lead: LeadDocument,
  { leadId, number, now, answerBy }: RoundRequest,
): Promise<Round | NoRound> {
  const stored = lead.rounds[number] ?? (await earlierRound(deps, lead, number));
  if (stored !== undefined) return stored;
  const state = await stateBefore(deps, lead, number);
  if (state !== 'received' && state !== 'pending') return noRound(deps, lead, state);
  await moveRounds(deps.database, lead, number);
  const market = await deps.terms(lead.campaign);
  if (market === undefined)
    return storeRound(deps.database, leadId, await emptyRound(deps, lead, number, now));

  const { plan, known, checksMs, notCompared } = await planOf(deps, market, lead, now);
  const receivedAt = lead.receivedAt.getTime();
  const planned = newRound(market, { number, receivedAt, now }, plan, known.usage);
  const round = { ...planned, checksMs, notCompared };
  return ask(deps, market, lead, round, nextTier(round).asked, answerBy);
}

/** A round that others have followed, for a try of it that comes late. */
async function earlierRound(
  { database }: Deps,
  { _id, lastRound = 0 }: LeadDocument,
  number: number,
): Promise<Round | undefined> {
  return number < lastRound ? findRound(database, _id, number) : undefined;
}

/** How the lead stands before a round; it is withdrawn if its person was put on a suppression list since the round before. */
async function stateBefore({ database }: Deps, lead: LeadDocument, number: number): Promise<LeadState> {
  const state = stateOf(lead);
  const isOnSale = state === 'received' || state === 'pending';
  // Before the first round the API has looked at the lists.
  if (isOnSale && (number === 1 || !(await isSuppressed(database, lead)))) return state;
  if (isOnSale) await withdraw(database, lead._id, { asked: 'suppression', reason: 'suppressed' });
  return (await stateForWorkflow(database, lead._id)) ?? state;
}

async function noRound(
  { database, log }: Deps,
  lead: LeadDocument,
  ended: NoRound['ended'],
): Promise<NoRound> {
  const { _id, seller } = lead;
  if (ended === 'expired' || ended === 'withdrawn') {
    metrics.unsold(1, { status: ended });
    log.info({ lead_id: _id, event: 'ended', status: ended });
  }
  const withdrawal = ended === 'withdrawn' ? await findLeadSummary(database, _id) : null;
  return {
    ended,
    addresses: (await findSeller(database, seller))?.postbacks.length ?? 0,
    withdrawnBy: withdrawal === null ? undefined : withdrawnBy(withdrawal),
  };
}

/** Who may be asked, after everything that the store and outside services say. */
async function planOf(
  deps: Deps,
  market: StoredTerms,
  lead: LeadDocument,
  now: number,
): Promise<{
  plan: Plan<BuyerWithSecret>;
  known: LimitState;
  checksMs?: number;
  notCompared?: Round['notCompared'];
}> {
  const asked = leadInRound(lead);
  const first = planRound(market, asked, now);
  const hasRules =
    market.campaign.duplicates !== undefined ||
    first.open.some(({ contract }) => contract.duplicates !== undefined);
  let match = hasRules ? comparedOf(lead.match) : {};
  const known = await knownOf(deps, market, first, lead, match);
  let second = withinLimits(first, market, { ...asked, match }, { ...known, now });
  if (hasRules && second.excluded.some(isByDuplicateRule)) {
    match = await findCompared(deps.database, lead.match);
    second = withinLimits(first, market, { ...asked, match }, { ...known, now });
  }
  const fields = (['phone', 'email'] as const).filter((field) => match[field] !== lead.match[field]);
  return {
    ...(await planChecks(deps, market, second, lead)),
    known,
    notCompared: hasRules && fields.length > 0 ? fields : undefined,
  };
}

/** Reads what the rules of the contracts in question ask for, and nothing for those that ask for nothing. */
async function knownOf(
  { database, circuits }: Deps,
  { campaign, buyersLists }: StoredTerms,
  plan: Plan<BuyerWithSecret>,
  lead: LeadDocument,
  compared: PersonHashes,
): Promise<LimitState> {
  const counts =
    campaign.sale.award === 'expectedValue' ||
    campaign.stages?.some(({ award }) => award === 'expectedValue');
  const ids = plan.open.flatMap(({ contract, buyer, limited }) => [
    ...(limited || counts === true ? [contract.id] : []),
    ...(buyer.balance === undefined ? [] : [accountId(buyer.id)]),
  ]);
  const withLists = buyersLists ? plan.open.map(({ buyer }) => buyer.id) : [];
  const [{ usage, holds }, failing, listed] = await Promise.all([
    readUsage(database, [...new Set(ids)], compared),
    circuits(),
    listedBy(database, withLists, lead.match),
  ]);
  return { usage, holds, circuits: failing, listedBy: listed };
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
