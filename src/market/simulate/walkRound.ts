import { contendersOf, missedCandidates, nextTier, withAnswers } from '../auction/asking.js';
import { nextStep, type OfferAnswer, type Offer } from '../auction/decide.js';
import { placesOf } from '../auction/prices.js';
import type { Bid, Candidate, Entry, NoBid, Round } from '../model/round.js';
import type { Contender } from '../auction/turns.js';
import { isByTurns } from '../auction/turnsUsed.js';

/** Callbacks that answer for buyers at once, so that a round need not wait. */
export interface RoundCallbacks {
  bid: (candidate: Candidate, round: Round) => { bid: Bid } | { noBid: NoBid };
  /** Takes the turns, if the award is by turns, and returns the contracts in their order. */
  turns: (contenders: readonly Contender[], places: number) => string[];
  offer: (offer: Offer, round: Round) => OfferAnswer;
}

/** Runs a planned round to its end: asks tier after tier and offers the lead until it is sold or no bidder is left. */
export function walkRound(
  leadId: string,
  planned: Round,
  hands: RoundCallbacks,
): { round: Round; answers: OfferAnswer[] } {
  let round = planned;
  const answers: OfferAnswer[] = [];
  for (;;) {
    const step = nextStep(leadId, round, answers);
    if (step === 'over') return { round, answers };
    if ('offers' in step) {
      for (const offer of step.offers) answers.push(hands.offer(offer, round));
    } else round = ask(round, 'ask' in step ? nextTier(round).asked : missedCandidates(round), hands);
  }
}

function ask(round: Round, asked: readonly Candidate[], hands: RoundCallbacks): Round {
  const answers = asked.map((candidate): Entry => ({ ...candidate, ...hands.bid(candidate, round) }));
  const next = withAnswers(round, answers);
  if (!isByTurns(round.terms.sale)) return next;
  const turns = hands.turns(contendersOf(round.terms.sale, answers), placesOf(round.terms.sale));
  return { ...next, turns: [...(round.turns ?? []), ...turns] };
}
