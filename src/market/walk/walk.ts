import {
  contendersOf,
  failureOf,
  withinCeiling,
  missedCandidates,
  nextTier,
  expiredBid,
  PROBE_IN_PROGRESS,
  missedEntry,
  unlessExpired,
  withAnswers,
  withTestPing,
  withNewAnswer,
  type PingAnswer,
} from '../auction/asking.js';
import { afterChecks } from '../eligibility/outsideChecks.js';
import { conclude, nextStep, unsoldReason, type OfferAnswer, type Offer } from '../auction/decide.js';
import { isDecided, pingLimit } from '../auction/earlyClose.js';
import { pingId } from '../ids.js';
import { fixedBid, newRound } from '../eligibility/newRound.js';
import { noticesOf } from '../wording/notices.js';
import { planRound, withinLimits } from '../eligibility/plan.js';
import { placesOf } from '../auction/prices.js';
import type { Candidate, Entry, Round } from '../model/round.js';
import { isByTurns, turnsUsed } from '../auction/turnsUsed.js';
import { isLastWait, isSameWait, nextWait, withWaitUpdate, type Wait } from '../waiting/waiting.js';
import { answerSource, offeredIn, type Life } from './life.js';
import { sell, tellTheSeller } from './sell.js';
import { pause, sideBySide, type Course } from './wait.js';
import type { World } from './world.js';

/**
 * The life of a lead from its next round to its end, by the rules alone: the work of workflows and activities with
 * servers and a database is done here with data, in the same order. A returned lead starts again.
 */
export function* walk(life: Life, world: World): Course<void> {
  while (life.endedAt === undefined) {
    const answers: OfferAnswer[] = [];
    const round = yield* auction(life, world, yield* plan(life, world), answers);
    if (!life.lead.facts.test) world.trade.settleTurns(life.campaign, turnsUsed(round, answers));
    const outcomes = conclude(round, answers);
    life.rounds.push({ round, outcomes });
    for (const notice of noticesOf(round, outcomes, life.lead.facts.test, life.low)) world.tell(life, notice);
    if (outcomes.some(({ sold }) => sold)) end(life, world, 'sold');
    else yield* waitForAnotherRound(life, world, round, answers);
  }
}

function end(life: Life, world: World, status: 'sold' | 'expired' | 'withdrawn'): void {
  life.status = status;
  life.endedAt = world.now();
  answerSource(life, world.now());
  tellTheSeller(life, world);
}

/** A round up to the bids of its first tier. */
function* plan(life: Life, world: World): Course<Round> {
  const now = world.now();
  const market = world.market(life.campaign);
  const lead = { ...life.lead, offered: offeredIn(life) };
  const known = world.trade.known();
  const open = withinLimits(planRound(market, lead, now), market, lead, { ...known, now });
  const checked = afterChecks(open, market.campaign, (check) => world.check(life, check));
  const number = (life.rounds.at(-1)?.round.number ?? 0) + 1;
  const { receivedAt } = lead.facts;
  const planned = newRound(market, { number, receivedAt, now }, checked, known.usage);
  return yield* ask(life, world, planned, nextTier(planned).asked);
}

/** Asks these; time passes until the last answer that is waited for. */
function* ask(life: Life, world: World, round: Round, asked: readonly Candidate[]): Course<Round> {
  const came = asked
    .map((candidate) => answerOf(life, world, round, candidate))
    .sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
  const known = new Map<string, Entry>();
  for (const entry of came) {
    const out = asked.filter(({ contract }) => !known.has(contract));
    if (entry.ms !== undefined && known.size > 0 && isDecided(round.terms.sale, [...known.values()], out))
      break;
    known.set(entry.contract, entry);
  }
  const took = Math.max(0, ...[...known.values()].map(({ ms = 0 }) => ms));
  if (took > 0) yield* pause(world.now() + took);
  const answers = asked.map((candidate) => known.get(candidate.contract) ?? missedEntry(candidate));
  return inTurn(life, world, withAnswers(round, answers), answers);
}

function answerOf(life: Life, world: World, round: Round, candidate: Candidate): Entry {
  const bid = fixedBid(candidate);
  return { ...candidate, ...(bid ? { bid } : pingOne(life, world, round, candidate)) };
}

/** Asks one buyer; `again` where it was asked in this round before. */
function pingOne(
  life: Life,
  world: World,
  round: Round,
  candidate: Candidate,
  again = candidate.again === 'asked',
): PingAnswer {
  const { contract, buyer } = candidate;
  const { facts } = life.lead;
  const now = world.now();
  const ready = world.market(life.campaign).contracts.find((each) => each.contract.id === contract);
  if (ready?.buyer.ping === undefined)
    return { ms: 0, noBid: { reason: 'paused', detail: 'it has left the market' } };
  if (!world.trade.mayTry(buyer, 'pings', now)) return { ms: 0, noBid: PROBE_IN_PROGRESS };
  const answerBy = life.answer === undefined ? facts.answerBy : undefined;
  const asked = {
    pingId: pingId(facts.leadId, contract, round.number, again),
    limitMs: pingLimit(ready.buyer.ping.timeoutMs, answerBy, now),
  };
  const answer = withinCeiling(
    world.ping(life, { round, candidate, ...asked }),
    candidate,
    round.terms.currency,
  );
  world.trade.noteAnswer(buyer, 'pings', failureOf(answer, now + answer.ms), now);
  return facts.test ? withTestPing(answer, asked) : answer;
}

/** Where the award is by turns, those who bid enough take theirs now; the round keeps the order. */
function inTurn(life: Life, world: World, round: Round, answers: readonly Entry[]): Round {
  const { sale } = round.terms;
  if (!isByTurns(sale)) return round;
  const places = life.lead.facts.test ? 0 : placesOf(sale);
  const order = world.trade.takeTurns(life.campaign, contendersOf(sale, answers), places);
  return { ...round, turns: [...(round.turns ?? []), ...order] };
}

/** Offers the lead, asks the next tier, offers again, until enough buyers hold it or nobody is left. */
function* auction(life: Life, world: World, first: Round, answers: OfferAnswer[]): Course<Round> {
  let round = first;
  const askedAgain = new Set<string>();
  while (!life.withdrawn) {
    const step = nextStep(life.lead.facts.leadId, round, answers);
    if (step === 'over') break;
    if ('offers' in step) {
      round = yield* offerAll(life, world, round, step.offers, { answers, askedAgain });
    } else if ('ask' in step) {
      round = yield* ask(life, world, round, nextTier(round).asked);
    } else {
      for (const contract of step.askAgain) askedAgain.add(contract);
      round = yield* ask(life, world, round, missedCandidates(round));
    }
  }
  return round;
}

/** Offers the lead to each of these bidders at once; those whose bids have expired are asked for new ones, once. */
function* offerAll(
  life: Life,
  world: World,
  round: Round,
  offers: readonly Offer[],
  { answers, askedAgain }: { answers: OfferAnswer[]; askedAgain: Set<string> },
): Course<Round> {
  const courses = offers.map((offer) => sell(life, world, round, offer));
  const came = yield* sideBySide(() => world.now(), courses);
  let now = round;
  for (const [i, answer] of came.entries()) {
    const offer = offers[i];
    if (offer === undefined) continue;
    const { contract, exclusive } = offer;
    if (answer.answer === 'accepted') answers.push({ contract, answer: 'accepted', exclusive });
    else if (answer.answer !== 'expired') answers.push({ contract, ...answer });
    else if (askedAgain.has(contract)) {
      const { reason, detail } = expiredBid(offer.bid);
      answers.push({ contract, answer: reason, detail });
    } else {
      askedAgain.add(contract);
      now = askAgain(life, world, now, contract);
    }
  }
  return now;
}

function askAgain(life: Life, world: World, round: Round, contract: string): Round {
  const expired = round.entries.find((entry) => entry.contract === contract);
  if (expired === undefined) return round;
  const answer = pingOne(life, world, round, expired, true);
  return withNewAnswer(round, expired, unlessExpired(answer, world.now()));
}

/** Unsold: waits until something can change, or ends the lead if nothing can. */
function* waitForAnotherRound(
  life: Life,
  world: World,
  round: Round,
  answers: readonly OfferAnswer[],
): Course<void> {
  const outcomes = life.rounds.at(-1)?.outcomes ?? [];
  const reckon = (): Wait => nextWait(life.lead.facts, withWaitUpdate(round, life.news), answers);
  life.status = 'pending';
  life.reason = unsoldReason(outcomes);
  answerSource(life, world.now());
  tellTheSeller(life, world);
  for (;;) {
    const wait = reckon();
    life.dueAt = wait.at;
    const isWoken = (): boolean => life.wake || life.withdrawn;
    const early = yield* pause(wait.at, () => isWoken() || !isSameWait(reckon(), wait));
    if (early && !isWoken()) continue;
    life.wake = false;
    life.news = { changes: [] };
    if (life.withdrawn) end(life, world, 'withdrawn');
    else if (isLastWait(wait) && (wait.until === 'last round' || !early)) end(life, world, 'expired');
    return;
  }
}
