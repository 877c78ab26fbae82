import { hasExpired, PROBE_IN_PROGRESS } from '../auction/asking.js';
import { exclusionAsAnswer, type Offer, type OfferReason } from '../auction/decide.js';
import { calledOffDetail, DELIVERY, HELD_MS, waitBeforeAttempt } from '../model/delivery.js';
import { postId } from '../ids.js';
import { unusedPost } from '../wording/notices.js';
import { reservationNeeds } from '../eligibility/reservation.js';
import type { Change, Exclusion, Round } from '../model/round.js';
import { answerSource, type Claim, type Life } from './life.js';
import { pause, type Course } from './wait.js';
import type { PostAnswer, PostStatus, World } from './world.js';

/** The result of an offer to one buyer. */
export type SaleAnswer =
  | { answer: 'accepted' }
  | { answer: 'expired' }
  | { answer: OfferReason; detail?: string; change?: Change };

/** Sells to one buyer: room is taken, the lead is posted, patiently where the answer is not clear, and booked. */
export function* sell(life: Life, world: World, round: Round, offer: Offer): Course<SaleAnswer> {
  const now = world.now();
  if (hasExpired(offer.bid, now)) return { answer: 'expired' };
  const { contract, buyer, price, earns, exclusive } = offer;
  if (!world.trade.mayTry(buyer, 'posts', now))
    return { answer: PROBE_IN_PROGRESS.reason, detail: PROBE_IN_PROGRESS.detail };
  const again = offer.delivery?.again === true;
  const sale = postId(life.lead.facts.leadId, contract, again ? round.number : undefined);
  const refusal = reserve(life, world, round, offer, sale);
  if (refusal) return exclusionAsAnswer(refusal);
  const claim: Claim = {
    sale,
    buyer,
    round: round.number,
    status: 'posting',
    price,
    earns,
    exclusive,
    at: now,
  };
  life.claims.set(contract, claim);
  const answer = yield* post(life, world, { round, offer, sale });
  return answer.answer === 'uncertain'
    ? yield* atTheEnd(life, world, { round, offer, claim, why: answer.detail })
    : settle(life, world, offer, claim, answer);
}

function reserve(
  life: Life,
  world: World,
  { terms }: Round,
  offer: Offer,
  sale: string,
): Exclusion | undefined {
  const { facts, match } = life.lead;
  const { contract, buyer: id, price } = offer;
  const market = world.market(life.campaign);
  const buyer = market.contracts.find((ready) => ready.contract.id === contract)?.buyer;
  if (buyer === undefined) return { reason: 'paused', detail: 'it has left the market' };
  const [at, { test }] = [world.now(), facts];
  return world.trade.reserve({
    ...reservationNeeds(market, contract, { price, test, award: terms.sale.award, now: at }),
    hold: { sale, lead: facts.leadId, contract, buyer: id, campaign: life.campaign, at, ...match },
    price,
    currency: terms.currency,
    test,
    buyer,
  });
}

/** The post, again and again while the contract's policy allows it and the lead is not withdrawn. */
function* post(
  life: Life,
  world: World,
  { round, offer, sale }: { round: Round; offer: Offer; sale: string },
): Course<PostAnswer> {
  let secondDue: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const answer = world.post(life, offer);
    const failure =
      answer.answer === 'uncertain' ? { reason: answer.answer, detail: answer.detail } : undefined;
    if (attempt === 1 || !failure) world.trade.noteAnswer(offer.buyer, 'posts', failure, world.now());
    if (answer.answer !== 'uncertain') return answer;
    const { test } = life.lead.facts;
    const notice = unusedPost(round, offer, { test, postId: sale, detail: answer.detail });
    if (attempt === 1 && notice) world.tell(life, notice);
    const elapsed = secondDue === undefined ? 0 : world.now() - secondDue;
    const wait = waitBeforeAttempt(attempt + 1, elapsed, answer.retryAfterMs, offer.delivery);
    if (wait === undefined) return answer;
    secondDue ??= world.now() + wait;
    yield* pause(world.now() + wait, () => life.withdrawn);
    if (life.withdrawn) return answer;
  }
}

function settle(
  life: Life,
  world: World,
  { contract }: Offer,
  claim: Claim,
  answer: Exclude<PostAnswer, { answer: 'uncertain' }>,
): SaleAnswer {
  if (answer.answer === 'refused') {
    claim.status = 'refused';
    world.trade.release(claim.sale);
    return answer;
  }
  claim.status = 'accepted';
  claim.at = world.now();
  life.status = 'sold';
  life.price += claim.earns;
  life.buyers.push(claim.buyer);
  if (world.trade.confirm(claim.sale)) life.low.push(contract);
  world.booked(life, contract, claim);
  return { answer: 'accepted' };
}

/** Asks for the result of a post, again and again while the buyer is silent and the lead is not withdrawn. */
function* askWhatBecame(life: Life, world: World, offer: Offer): Course<PostStatus> {
  let elapsed = 0;
  for (let attempt = 2; ; attempt += 1) {
    const word = world.postStatus(life, offer);
    const wait = waitBeforeAttempt(attempt, elapsed);
    if (word !== 'silent' || wait === undefined) return word;
    yield* pause(world.now() + wait, () => life.withdrawn);
    if (life.withdrawn) return word;
    elapsed += wait;
  }
}

/** Notifies the seller if the lead's status is another than the one that it knows. */
export function tellTheSeller(life: Life, world: World): void {
  if (life.status === life.told) return;
  life.told = life.status;
  world.tellSeller(life);
}

/** The policy allows no further try, and the buyer may have taken the lead: what now, the contract says. */
function* atTheEnd(
  life: Life,
  world: World,
  { round, offer, claim, why }: { round: Round; offer: Offer; claim: Claim; why: string },
): Course<SaleAnswer> {
  const { atEnd } = offer.delivery ?? DELIVERY;
  const word = atEnd === 'ask' ? yield* askWhatBecame(life, world, offer) : undefined;
  if (word === 'accepted') return settle(life, world, offer, claim, { answer: word });
  if (word === 'refused')
    return settle(life, world, offer, claim, { answer: word, detail: 'by its status address' });
  if (atEnd === 'hold') {
    if (life.status !== 'sold' && !life.withdrawn) {
      life.status = 'pending';
      life.reason = 'uncertain';
    }
    answerSource(life, world.now());
    if (life.status === 'pending') tellTheSeller(life, world);
    const until = life.lead.facts.receivedAt + Math.max(round.terms.pending.expireAfter, HELD_MS);
    yield* pause(until, () => life.words.has(offer.buyer) || life.withdrawn);
    const accepted = life.words.get(offer.buyer);
    if (accepted === true) return settle(life, world, offer, claim, { answer: 'accepted' });
    if (accepted === false) return settle(life, world, offer, claim, { answer: 'refused', detail: 'by ops' });
  }
  claim.status = 'cancelled';
  world.trade.release(claim.sale);
  world.callOff(life, offer);
  return { answer: 'uncertain', detail: calledOffDetail(why) };
}
