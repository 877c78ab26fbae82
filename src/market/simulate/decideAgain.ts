import TinyQueue from 'tinyqueue';
import { checksOf } from '../eligibility/outsideChecks.js';
import type { CompiledCampaign } from '../eligibility/compileCampaign.js';
import { contendersOf, withAnswers } from '../auction/asking.js';
import { offerReasonOf, type Offer } from '../auction/decide.js';
import { placesOf } from '../auction/prices.js';
import type { Purchase } from '../limits/duplicates.js';
import type { LeadInRound } from '../eligibility/eligibility.js';
import type { Minor } from '../money.js';
import { newRound } from '../eligibility/newRound.js';
import { planRound, withinLimits, type Plan } from '../eligibility/plan.js';
import { refundOf, returnRefusal } from '../model/returnShares.js';
import { reservationNeeds } from '../eligibility/reservation.js';
import {
  confirmReservation,
  countUsage,
  purchasesOf,
  addToBalance,
  releaseReservation,
  releaseReturned,
  reserve,
  type ReservationRequest,
  type Reservations,
} from '../eligibility/reservationsInMemory.js';
import { advanceRound, type RoundPort, type SaleAnswer } from '../life/round.js';
import type { Entry, Round } from '../model/round.js';
import type { Buyer, ReturnPolicy } from '../model/market.js';
import { addChanges, takeTurns, type CreditChanges, type Contender, type Credits } from '../auction/turns.js';
import { isByTurns, turnsUsed } from '../auction/turnsUsed.js';
import { limitsOf, type Usage } from '../limits/usage.js';
import { isLastWait, nextWait, type Wait } from '../waiting/waiting.js';
import type { PastLead, PastSale } from './past.js';
import { answerFor, bidFor, stillExcluded, type Assumption, type BuyerModel } from './buyerModel.js';

/** Sales and payments of leads that are not decided again: these leads keep their buyers and their usage of limits. */
export interface Elsewhere {
  /** At the start: balances of prepaid buyers, and posts sent and accepted by contract. */
  usage: ReadonlyMap<string, Usage>;
  /** At the start, by campaign. */
  credits: ReadonlyMap<string, Credits>;
  purchases: ReadonlyMap<string, readonly Purchase[]>;
  /** In any order. */
  sales: readonly { contract: string; price: Minor; at: number }[];
  /** Payments and debts of prepaid buyers for other leads; in any order. */
  payments: readonly { buyer: string; amount: Minor; at: number }[];
}

export interface Case {
  leads: readonly PastLead[];
  /** By campaign. */
  market: ReadonlyMap<string, CompiledCampaign>;
  elsewhere: Elsewhere;
  buyerModel: BuyerModel;
  /** Nothing is decided after it, UTC ms. */
  until: number;
}

export interface Decided {
  sales: ReadonlyMap<string, readonly PastSale[]>;
  assumed: ReadonlyMap<string, ReadonlySet<Assumption>>;
}

interface Life {
  lead: PastLead;
  rounds: number;
  offered: LeadInRound['offered'];
  sales: Sold[];
}

interface Sold extends PastSale {
  asked: ReservationRequest;
  returns: ReturnPolicy | undefined;
}

/** An event at a time, UTC ms. Events at the same time are ordered by rank, then by name. */
interface Event {
  at: number;
  rank: number;
  name: string;
  happens: () => void | Promise<void>;
}

/** Lets other work of the process run. */
export type Pause = () => void | Promise<void>;

const noPause: Pause = () => undefined;

interface World extends Case {
  queue: TinyQueue<Event>;
  reservations: Reservations;
  credits: Map<string, Credits>;
  assumed: Map<string, Set<Assumption>>;
}

/**
 * Decides past auctions again in the order of time, each under the limits that the earlier ones have left. It uses
 * the same rules, the buyers' real answers, and the times at which rounds were run, or would be run under other
 * terms. No buyer is asked and nothing is written. The order of `leads` does not matter.
 * @param pause is called after each event, so that other work of the process is not blocked
 */
export async function decideAgain(given: Case, pause: Pause = noPause): Promise<Decided> {
  const lives = given.leads.map((lead): Life => ({ lead, rounds: 0, offered: {}, sales: [] }));
  const world = begin(given);
  for (const life of lives) {
    const [first] = life.lead.rounds;
    if (first) atTime(world, first.at, life, () => nextRoundOf(world, life, first.at));
  }
  for (let event = world.queue.pop(); event && event.at <= given.until; event = world.queue.pop()) {
    await event.happens();
    await pause();
  }
  return {
    sales: new Map(lives.map(({ lead, sales }) => [lead.facts.leadId, sales.map(saleOf)])),
    assumed: world.assumed,
  };
}

const saleOf = ({ contract, buyer, price, earns, at, returned }: Sold): PastSale => {
  return { contract, buyer, price, earns, at, ...(returned && { returned }) };
};

function begin(given: Case): World {
  const { usage, purchases, credits, sales, payments } = given.elsewhere;
  const reservations: Reservations = {
    usage: new Map([...usage].map(([id, used]) => [id, { ...used }])),
    purchases: new Map([...purchases].map(([id, made]) => [id, [...made]])),
  };
  const byId = new Map(
    [...given.market.values()].flatMap(({ contracts }) =>
      contracts.map((ready) => [ready.contract.id, ready] as const),
    ),
  );
  const events = [
    ...sales.map(({ contract, price, at }): Event => {
      const ready = byId.get(contract);
      return {
        at,
        rank: 0,
        name: contract,
        happens: () =>
          ready && countUsage(reservations, contract, limitsOf(ready.contract, ready.schedule, price, at), 1),
      };
    }),
    ...payments.map(({ buyer, amount, at }): Event => {
      return { at, rank: 0, name: buyer, happens: () => addToBalance(reservations, buyer, amount) };
    }),
  ];
  const queue = new TinyQueue(events, (a, b) => a.at - b.at || a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return { ...given, queue, reservations, credits: new Map(credits), assumed: new Map() };
}

function atTime({ queue }: World, at: number, { lead }: Life, happens: Event['happens']): void {
  queue.push({ at, rank: 1, name: lead.facts.leadId, happens });
}

/** Runs one round of a lead. If the lead is not sold, its next round is scheduled, if there is one. */
async function nextRoundOf(world: World, life: Life, now: number): Promise<void> {
  const { lead } = life;
  const market = world.market.get(lead.campaign);
  if (market === undefined || (lead.withdrawnAt !== undefined && now >= lead.withdrawnAt)) return;
  const planned = plan(world, market, life, now);
  const { leadId } = lead.facts;
  const port = pastBuyers(world, market, life, now);
  let progress = await advanceRound(leadId, planned, [], port);
  // A post without a clear answer was cancelled in the end.
  while (progress.status === 'uncertain') {
    const cancelled = progress.posts.map(({ offer: { contract } }) => ({
      contract,
      answer: 'uncertain' as const,
    }));
    progress = await advanceRound(leadId, progress.round, [...progress.answers, ...cancelled], port);
  }
  const { round, answers } = progress;
  changeCredits(world, lead.campaign, turnsUsed(round, answers));
  for (const { contract, answer } of answers) {
    if (answer === 'refused' || answer === 'uncertain')
      life.offered = { ...life.offered, [contract]: answer };
  }
  if (answers.some(({ answer }) => answer === 'accepted')) return;
  const next = nextRoundAt(lead, now, nextWait(lead.facts, round, answers));
  if (next !== undefined) atTime(world, next, life, () => nextRoundOf(world, life, next));
}

/** The buyers of past leads, who answer at once and as they did. */
function pastBuyers(world: World, market: CompiledCampaign, life: Life, now: number): RoundPort {
  const { lead } = life;
  return {
    ask: async (round, asked) => {
      const { terms } = round;
      const entries = asked.map((candidate): Entry => {
        const { assumed, ...said } = bidFor(world.buyerModel, lead, candidate, { terms, now });
        assume(world, lead, assumed);
        return { ...candidate, ...said };
      });
      const next = withAnswers(round, entries);
      if (!isByTurns(terms.sale)) return next;
      const turns = turnsIn(world, lead.campaign, contendersOf(terms.sale, entries), placesOf(terms.sale));
      return { ...next, turns: [...(round.turns ?? []), ...turns] };
    },
    // Past bids do not expire.
    askAgain: async () => 'closed',
    sell: async (round, offer) => sell(world, market, life, offer, { sale: round.terms.sale, now }),
  };
}

/** The candidates, by the rules and by the past results of outside checks and failing servers. */
function plan(world: World, market: CompiledCampaign, life: Life, now: number): Round {
  const { lead, offered } = life;
  const { usage } = world.reservations;
  life.rounds += 1;
  const asked = { ...lead, offered };
  const known = { usage, purchases: purchasesOf(world.reservations, lead.match, now), circuits: new Map() };
  const eligible = withinLimits(planRound(market, asked, now), market, asked, { ...known, now });
  const about = { number: life.rounds, receivedAt: lead.facts.receivedAt, now };
  return newRound(market, about, withoutKept(world, market, lead, eligible, now), usage);
}

function withoutKept(
  world: World,
  { campaign }: CompiledCampaign,
  lead: PastLead,
  plan: Plan<Buyer>,
  now: number,
): Plan<Buyer> {
  const excluded = [...plan.excluded];
  const open = plan.open.filter((ready) => {
    const { noBid, assumed } = stillExcluded(lead, ready.contract.id, checksOf(campaign, ready), now);
    assume(world, lead, assumed);
    if (noBid) excluded.push({ ...noBid, buyers: ready.buyer.id });
    return noBid === undefined;
  });
  return { ...plan, open, excluded };
}

/** Takes turns as src/store/fairness/turnsStore.ts does. */
function turnsIn(world: World, campaign: string, contenders: readonly Contender[], places: number): string[] {
  const { order, changes } = takeTurns(world.credits.get(campaign) ?? {}, contenders, places);
  changeCredits(world, campaign, changes);
  return order.map(({ id }) => id);
}

function changeCredits({ credits }: World, campaign: string, changes: CreditChanges): void {
  credits.set(campaign, addChanges(credits.get(campaign) ?? {}, changes));
}

/** Sends the lead to one bidder if limits allow it, and returns the answer that it would have given. */
function sell(
  world: World,
  market: CompiledCampaign,
  life: Life,
  { contract, buyer, price, earns }: Offer,
  { sale, now }: { sale: Round['terms']['sale']; now: number },
): SaleAnswer {
  const { lead } = life;
  const { facts, match } = lead;
  const ready = market.contracts.find((each) => each.contract.id === contract);
  if (ready === undefined) throw new Error(`${contract} was offered a lead and is not in its campaign`);
  const name = `${facts.leadId}/${contract}`;
  const purchase: Purchase = {
    sale: name,
    lead: facts.leadId,
    contract,
    buyer,
    campaign: lead.campaign,
    at: now,
    ...match,
  };
  const asked: ReservationRequest = {
    ...reservationNeeds(market, contract, { price, test: false, award: sale.award, now }),
    purchase,
    price,
    currency: market.campaign.currency,
    test: false,
    buyer: ready.buyer,
  };
  const refusal = reserve(world.reservations, asked);
  if (refusal) {
    const { reason, change } = refusal;
    return { answer: offerReasonOf(reason), change };
  }
  const { answer, assumed } = answerFor(lead, contract, now, world.buyerModel);
  assume(world, lead, assumed);
  if (answer !== 'accepted') {
    releaseReservation(world.reservations, asked);
    return answer === 'uncertain' ? { answer, postId: name } : { answer };
  }
  confirmReservation(world.reservations, asked);
  const sold: Sold = { contract, buyer, price, earns, at: now, asked, returns: ready.contract.returns };
  life.sales.push(sold);
  giveBackLater(world, life, sold);
  return { answer };
}

/** A buyer that returned the lead does so again, after the same time, if its terms allow it. */
function giveBackLater(world: World, life: Life, sold: Sold): void {
  const past = life.lead.sales.find(({ contract }) => contract === sold.contract);
  const policy = sold.returns;
  if (past?.returned === undefined || policy === undefined) return;
  const { reason } = past.returned;
  const at = sold.at + Math.max(0, past.returned.at - past.at);
  if (returnRefusal(policy, reason, sold.at, at) !== undefined) return;
  atTime(world, at, life, () => {
    const isOnlyBuyer = life.sales.filter(({ returned }) => returned === undefined).length === 1;
    const { buyerGets, sellerPays } = refundOf(sold, policy.refund);
    sold.returned = { at, reason, buyerGets, sellerPays };
    releaseReturned(world.reservations, sold.asked, buyerGets, policy.freesCap);
    life.offered = { ...life.offered, [sold.contract]: 'returned' };
    if (policy.resell && isOnlyBuyer) {
      const next = life.lead.rounds.find((round) => round.at > at)?.at ?? at;
      atTime(world, next, life, () => nextRoundOf(world, life, next));
    }
  });
}

/**
 * When the lead's next round is run, UTC ms; undefined if the lead expires. The past time if the lead waited for the
 * same time or was woken earlier; else the time that its terms give.
 */
function nextRoundAt({ rounds }: PastLead, now: number, wait: Wait): number | undefined {
  const next = rounds.find(({ at }) => at > now);
  const before = rounds.findLast(({ at }) => at <= now);
  if (next && before) {
    const isWoken = next.at < before.waitedUntil;
    if (isWoken && next.at < wait.at) return next.at;
    if (!isLastWait(wait) && wait.at === before.waitedUntil) return next.at;
  }
  return isLastWait(wait) ? undefined : wait.at;
}

function assume({ assumed }: World, { facts }: PastLead, what: Assumption | undefined): void {
  if (what === undefined) return;
  const known = assumed.get(facts.leadId) ?? new Set();
  assumed.set(facts.leadId, known.add(what));
}
