import { expiredBid, missedCandidates, nextTier, wasAskedAgain } from '../auction/asking.js';
import { nextStep, type Offer, type OfferAnswer, type OfferReason } from '../auction/decide.js';
import type { LeadStatus } from '../model/lead.js';
import type { Candidate, Change, MetLimit, Round } from '../model/round.js';

/**
 * The result of an offer to one buyer. `expired`: the bid can't be used any more, and nothing was done. `closed` with a
 * status: the lead has ended, was withdrawn or is claimed by others, so the round is over. `change`: when the limit that
 * refused the offer allows sales again; `limit`: its figures. `isLow`: the sale took the buyer's prepaid balance below the threshold of its
 * notice. `mailAt`: when the lead is e-mailed together with others, UTC ms.
 * `words`: the detail in the buyer's own words, which never enter a workflow. `ms`: how long the buyer took to answer the post.
 */
export type SaleAnswer =
  | { answer: 'accepted'; isLow?: true; mailAt?: number; ms?: number }
  | { answer: 'expired' }
  | {
      answer: Exclude<OfferReason, 'uncertain'>;
      detail?: string;
      words?: string;
      change?: Change;
      limit?: MetLimit;
      ms?: number;
    }
  | UncertainAnswer
  | { answer: 'closed'; status: LeadStatus };

/**
 * A post without a clear answer: the buyer may have taken the lead. `retryAfterMs`: the buyer's `Retry-After`. `final`:
 * another attempt is of no use. `isSilent`: the buyer did not answer the question about the post.
 */
export interface UncertainAnswer {
  answer: 'uncertain';
  postId: string;
  detail?: string;
  retryAfterMs?: number;
  final?: true;
  isSilent?: true;
}

/** What a round does in the world. `ask` and `askAgain` return `closed` if the lead was withdrawn meanwhile. */
export interface RoundPort {
  /** Asks candidates concurrently; returns the round with their answers, one version further. */
  ask(round: Round, asked: readonly Candidate[]): Promise<Round | 'closed'>;
  /** Asks one contract for a new bid, because its bid has expired. */
  askAgain(round: Round, contract: string): Promise<Round | 'closed'>;
  sell(round: Round, offer: Offer): Promise<SaleAnswer>;
  /** Whether the round stops before its next step and is continued later. */
  isInterrupted?(): boolean;
}

export interface UncertainOffer {
  offer: Offer;
  answer: UncertainAnswer;
}

/**
 * How far a round has come. `over`: every contract has its outcome. `closed`: the lead is off sale or claimed by others.
 * `uncertain`: these posts must be settled before the round continues. `interrupted`: see `isInterrupted`.
 */
export type RoundProgress = {
  round: Round;
  answers: OfferAnswer[];
  accepted: { offer: Offer; isLow: boolean; mailAt?: number }[];
} & ({ status: 'over' | 'closed' | 'interrupted' } | { status: 'uncertain'; posts: UncertainOffer[] });

/**
 * Advances a planned round: asks tier after tier and offers the lead, until enough buyers have it, nobody is left, or a post
 * has no clear answer. A stored round is continued with the answers that are known.
 */
export async function advanceRound(
  leadId: string,
  planned: Round,
  known: readonly OfferAnswer[],
  port: RoundPort,
): Promise<RoundProgress> {
  let round = planned;
  const answers = [...known];
  const accepted: RoundProgress['accepted'] = [];
  for (;;) {
    const soFar = { round, answers, accepted };
    const step = nextStep(leadId, round, answers);
    if (step === 'over') return { ...soFar, status: 'over' };
    if (port.isInterrupted?.() === true) return { ...soFar, status: 'interrupted' };
    if ('offers' in step) {
      const now = round;
      const made = await Promise.all(
        step.offers.map(async (offer) => ({ offer, answer: await port.sell(now, offer) })),
      );
      let isClosed = false;
      const posts: UncertainOffer[] = [];
      for (const { offer, answer } of made) {
        if ('status' in answer) isClosed = true;
        else if (answer.answer === 'uncertain') posts.push({ offer, answer });
        else if (answer.answer === 'accepted') {
          accepted.push({ offer, isLow: answer.isLow === true, mailAt: answer.mailAt });
          answers.push({ contract: offer.contract, answer: 'accepted', exclusive: offer.exclusive });
        } else if (answer.answer !== 'expired') {
          const { answer: reason, detail, words, change, limit } = answer;
          answers.push({ contract: offer.contract, answer: reason, detail, words, change, limit });
        } else if (wasAskedAgain(leadId, round, offer)) {
          const { reason, detail } = expiredBid(offer.bid);
          answers.push({ contract: offer.contract, answer: reason, detail });
        } else {
          const asked = await port.askAgain(round, offer.contract);
          if (asked === 'closed') isClosed = true;
          else round = asked;
        }
      }
      if (posts.length > 0) return { ...soFar, round, status: 'uncertain', posts };
      if (isClosed) return { ...soFar, round, status: 'closed' };
    } else {
      const asked = 'ask' in step ? nextTier(round).asked : missedCandidates(round);
      const next = await port.ask(round, asked);
      if (next === 'closed') return { ...soFar, status: 'closed' };
      round = next;
    }
  }
}
