import { nextTier } from '../src/market/auction/asking.js';
import type { OfferAnswer } from '../src/market/auction/decide.js';
import { withPingedAnswers } from '../src/market/auction/promise.js';
import { turnsUsed } from '../src/market/auction/turnsUsed.js';
import { advanceRound, type RoundProgress, type RoundPort } from '../src/market/life/round.js';
import { isEnd } from '../src/market/model/lead.js';
import type { Round } from '../src/market/model/round.js';
import { toMinor } from '../src/market/money.js';
import type { LeadDocument } from '../src/store/documents.js';
import { settleTurns } from '../src/store/fairness/turnsStore.js';
import { stateForWorkflow, UnknownLeadError } from '../src/store/leads/leads.js';
import { findLeadForRound, findRoundWithAnswers, moveRounds, storeRound } from '../src/store/leads/rounds.js';
import { stateOf, withdraw, type LeadState } from '../src/store/leads/withdrawals.js';
import { isSuppressed } from '../src/store/persons/suppressions.js';
import { findPing } from '../src/store/sales/pings.js';
import { ask, askAgain, type Asking } from './ask.js';
import type { Deps } from './deps.js';
import { addressesOf, endOf, type End } from './endOf.js';
import { planRound } from './planRound.js';
import { reportOf, type RoundReport } from './roundReport.js';
import { saleRequest, sellStored, sellOnce, type SaleRequest } from './sellLead.js';

export interface RoundRequest {
  leadId: string;
  /** The number of the last round whose end the workflow knows; absent before the first. */
  after?: number;
  /** The workflow's time, UTC ms: a repeat after a crash plans with the time of its own task. */
  now: number;
  /** When the source is answered, UTC ms, and the API process that it waits in; absent if nobody waits for this round. */
  answerBy?: number;
  answerTo?: string;
}

/** The lead has ended, or was withdrawn while a post was in progress and ends with its answer. */
export type NoRound = End | { status: 'withdrawing'; addresses: number };

/** A round that takes longer is interrupted before its next step, ms: an attempt of an activity has 45 s. */
const BUDGET_MS = 10_000;

/**
 * Runs the lead's next round to its end, or until a post has no clear answer. Continues a stored round that has not
 * ended. Each intent is stored before it is acted on (the round, the claim), so a repeat finds what the earlier attempt
 * did and decides the same.
 */
export const runRound =
  (deps: Deps) =>
  async (request: RoundRequest): Promise<RoundReport | NoRound> => {
    const began = Date.now();
    const { leadId, after = 0, now, answerBy, answerTo } = request;
    const lead = deps.newLeads?.take(leadId) ?? (await findLeadForRound(deps.database, leadId));
    if (lead === null) throw new UnknownLeadError(leadId);
    if (answerTo !== undefined) deps.started?.(lead, answerTo);
    const number = Math.max(after + 1, lead.lastRound ?? 0);
    const market = await deps.terms(lead.campaign);
    const asking: Asking = { deps, market, lead, answerBy, posts: new Map() };
    const started = await startRound(asking, { number, now });
    if ('status' in started) {
      if (started.status !== 'withdrawing') announce(deps, lead, answerTo, started);
      return started;
    }
    let redirectUrl: string | undefined;
    const port = roundPort(asking, {
      now,
      isInterrupted: () => Date.now() - began > BUDGET_MS,
      onRedirect: (url) => (redirectUrl = url),
    });
    const progress = await advanceRound(leadId, started.round, started.answers, port);
    const isFirst = number === 1 && !started.isStored;
    const report = await reportOf(deps, lead, progress, { isFirst });
    if (report.status === 'sold') announce(deps, lead, answerTo, { ...report, redirectUrl });
    if (progress.status === 'over' || progress.status === 'closed') await settle(deps, lead, progress);
    return report;
  };

/** Gives the source its answer, if it still waits. */
function announce(
  deps: Deps,
  { _id, currency }: LeadDocument,
  answerTo: string | undefined,
  { status, sale, redirectUrl }: Pick<End, 'status' | 'sale'> & { redirectUrl?: string },
): void {
  if (answerTo === undefined) return;
  const { price = 0, buyers } = sale ?? {};
  const sold = { price: toMinor(price, currency), currency, buyerIds: buyers, redirectUrl };
  deps.announce?.(_id, answerTo, { status, ...(status === 'sold' ? sold : {}) });
}

/** The stored round with its known answers, or a new one with the answers of its first tier. */
export async function startRound(
  asking: Asking,
  { number, now }: { number: number; now: number },
): Promise<{ round: Round; answers: OfferAnswer[]; isStored: boolean } | NoRound> {
  const { deps, market, lead } = asking;
  const stored = await findRoundWithAnswers(deps.database, lead, number);
  if (stored !== undefined) return { ...stored, isStored: true };
  const state = await stateBefore(deps, lead, number);
  if (isEnd(state)) return endOf(deps, lead._id, state);
  if (state === 'withdrawing') return { status: state, addresses: await addressesOf(deps, lead) };
  await moveRounds(deps.database, lead, number);
  const planned = await planRound(deps, market, lead, { number, now });
  const pinged = number === 1 ? await pingedRound(deps, lead, planned) : undefined;
  if (pinged !== undefined) return { round: pinged, answers: [], isStored: false };
  return { round: await ask(asking, planned, nextTier(planned).asked), answers: [], isStored: false };
}

/** The first round of a lead whose source has asked for its price: with the answers that the buyers have given then. */
async function pingedRound(deps: Deps, lead: LeadDocument, planned: Round): Promise<Round | undefined> {
  if (lead.promise === undefined) return undefined;
  const ping = await findPing(deps.database, lead._id);
  const round = ping?.round && withPingedAnswers(planned, ping.round);
  return round && storeRound(deps.database, lead._id, round);
}

/** The lead's state before a round; it is withdrawn if its person was put on a suppression list since the last round. */
async function stateBefore({ database }: Deps, lead: LeadDocument, number: number): Promise<LeadState> {
  const state = stateOf(lead);
  const isOnSale = state === 'received' || state === 'pending';
  // Before the first round the API has looked at the lists.
  if (isOnSale && (number === 1 || !(await isSuppressed(database, lead)))) return state;
  if (isOnSale) await withdraw(database, lead._id, { asked: 'suppression', reason: 'suppressed' });
  return (await stateForWorkflow(database, lead._id)) ?? state;
}

/** The worker's side of a round: buyers over HTTP, and the database. */
export function roundPort(
  asking: Asking,
  {
    now,
    isInterrupted,
    onRedirect,
  }: { now: number; isInterrupted: () => boolean; onRedirect?: SaleRequest['onRedirect'] },
): RoundPort {
  const { deps, lead } = asking;
  /** The round as it is stored now; `closed` if the lead was withdrawn. */
  const current = async (round: Round): Promise<Round | 'closed'> => {
    const stored = await findLeadForRound(deps.database, lead._id);
    if (stored === null) throw new UnknownLeadError(lead._id);
    if (stored.withdrawal !== undefined) return 'closed';
    return stored.rounds[round.number] ?? round;
  };
  return {
    isInterrupted,
    ask: async (round, asked) => {
      const stored = await current(round);
      // Another attempt of this activity has asked them.
      if (stored === 'closed' || stored.version > round.version) return stored;
      // The campaign has left the market.
      if (asking.market === undefined) return { ...round, later: [] };
      return ask(asking, round, asked);
    },
    askAgain: async (round, contract) => {
      const stored = await current(round);
      if (stored === 'closed' || stored.version > round.version) return stored;
      return askAgain(asking, round, contract);
    },
    sell: (round, offer) => {
      const request = saleRequest(lead, round, offer, Math.max(now, Date.now()));
      const stored = asking.posts?.get(offer.contract);
      if (stored === undefined) return sellOnce(deps, { ...request, onRedirect });
      asking.posts?.delete(offer.contract);
      return sellStored(deps, { ...request, onRedirect, stored });
    },
  };
}

/** Corrects the turns of contracts, once it is known which of them were sent the lead. */
async function settle(
  { database }: Deps,
  lead: LeadDocument,
  { round, answers }: RoundProgress,
): Promise<void> {
  const changes = lead.test ? {} : turnsUsed(round, answers);
  if (Object.keys(changes).length === 0) return;
  await settleTurns(database, { leadId: lead._id, round: round.number, campaign: round.campaign, changes });
}
