import { conclude, unsoldReason } from '../src/market/auction/decide.js';
import type { RoundProgress, UncertainOffer } from '../src/market/life/round.js';
import type { UncertainPost as DeliveredPost } from '../src/market/life/deliver.js';
import { HELD_MS } from '../src/market/model/delivery.js';
import type { LeadReason } from '../src/market/model/reason.js';
import { formatMoney, toDecimal } from '../src/market/money.js';
import { waitingRound, type WaitingRound } from '../src/market/waiting/waiting.js';
import { noticesOf, unusedPost, type Notice } from '../src/market/wording/notices.js';
import { endInWords, roundInWords } from '../src/market/wording/story.js';
import { claimLowBalanceNotice } from '../src/store/books/lowBalance.js';
import type { LeadDocument } from '../src/store/documents.js';
import { findBuyer } from '../src/store/market/storedTerms.js';
import type { Deps } from './deps.js';
import { endOf, storedLead, type End } from './endOf.js';

/** A post without a clear answer, for its delivery by the workflow. */
export interface UncertainPost extends DeliveredPost {
  round: number;
  postId: string;
  price: string;
  /** End of the time in which ops may decide on the post, UTC ms. */
  holdUntil: number;
}

/** What every report of a round has: notices to its buyers, and the number of the seller's postback addresses. */
interface Told {
  round: number;
  notices: Notice[];
  addresses: number;
}

/**
 * The result of a round, as the workflow needs it: small, without personal data, and without the buyers' own words.
 * `uncertain`: the round continues once these posts are settled. `interrupted`: it continues with the next call.
 */
export type RoundReport =
  | (End & Told & { status: 'sold' })
  | (Told & { status: 'unsold'; waiting: WaitingRound; reason: LeadReason; isClaimedElsewhere?: true })
  | (Told & { status: 'uncertain'; posts: UncertainPost[] })
  | (Told & { status: 'interrupted' });

/** @param isFirst whether this is the lead's first round, from its start: then nothing else has to be read */
export async function reportOf(
  deps: Deps,
  lead: LeadDocument,
  progress: RoundProgress,
  { isFirst }: { isFirst: boolean },
): Promise<RoundReport> {
  const { round, answers, status } = progress;
  const ofRound = { round: round.number, addresses: round.tell.postbacks };
  if (status === 'interrupted') return { ...ofRound, status, notices: [] };
  if (status === 'uncertain') {
    const posts = progress.posts.map((post) => uncertainPost(lead, progress, post));
    return { ...ofRound, status, posts, notices: unusedPosts(lead, progress, progress.posts) };
  }
  const outcomes = conclude(round, answers);
  const sold = outcomes.some((outcome) => outcome.sold);
  const low = sold ? await contractsWithLowBalance(deps, lead, progress) : [];
  const notices = noticesOf(round, outcomes, lead.test, low);
  if (!sold) {
    const waiting = waitingRound(round, answers);
    const isClaimedElsewhere = status === 'closed' ? true : undefined;
    return {
      ...ofRound,
      status: 'unsold',
      notices,
      waiting,
      reason: unsoldReason(outcomes),
      isClaimedElsewhere,
    };
  }
  const end = isFirst ? endInFirstRound(lead, progress) : await endOf(deps, lead._id, 'sold');
  return { ...end, ...ofRound, notices, status: 'sold' };
}

/** The end of a lead that is sold in its first round: as `endOf` tells it, without a read of the database. */
function endInFirstRound(
  lead: LeadDocument,
  { round, answers, accepted }: RoundProgress,
): Omit<End, 'status'> {
  const { currency } = round.terms;
  const ended = Date.now();
  const sales = accepted.map(({ offer, mailAt }) => ({ ...offer, mailAt }));
  const story = endInWords({
    status: 'sold',
    sales,
    currency,
    reason: 'no_bid',
    rounds: round.number,
    took: ended - lead.receivedAt.getTime(),
  });
  const earns = sales.reduce((sum, sale) => sum + sale.earns, 0);
  return {
    round: round.number,
    addresses: round.tell.postbacks,
    sale: { price: toDecimal(earns, currency), buyers: sales.map(({ buyer }) => buyer) },
    lead: {
      status: 'sold',
      story,
      rounds: [roundInWords(round, conclude(round, answers))],
      received: lead.receivedAt.toISOString(),
      ended: new Date(ended).toISOString(),
    },
  };
}

function uncertainPost(
  lead: LeadDocument,
  { round: { number, terms } }: RoundProgress,
  { offer, answer }: UncertainOffer,
): UncertainPost {
  const { contract, buyer, price, delivery } = offer;
  const { postId, detail, retryAfterMs, final } = answer;
  return {
    contract,
    buyer,
    round: number,
    postId,
    price: formatMoney(price, terms.currency),
    detail,
    retryAfterMs,
    final,
    delivery,
    holdUntil: lead.receivedAt.getTime() + Math.max(terms.pending.expireAfter, HELD_MS),
  };
}

/** The notices to buyers of test leads that their first answer to a post could not be used. */
const unusedPosts = ({ test }: LeadDocument, { round }: RoundProgress, posts: UncertainOffer[]): Notice[] =>
  posts.flatMap(({ offer, answer: { final, postId, detail } }) => {
    const notice = final ? undefined : unusedPost(round, offer, { test, postId, detail });
    return notice ? [notice] : [];
  });

/** Contracts whose sale in this round took the prepaid balance below the threshold of the buyer's notice. */
async function contractsWithLowBalance(
  deps: Deps,
  lead: LeadDocument,
  { round, answers, accepted }: RoundProgress,
): Promise<string[]> {
  const known = new Map(accepted.map(({ offer, isLow }) => [offer.contract, isLow]));
  const earlier = answers.filter(({ contract, answer }) => answer === 'accepted' && !known.has(contract));
  const low = accepted.filter(({ isLow }) => isLow).map(({ offer }) => offer.contract);
  // Sold by an earlier attempt, or by a post that was delivered patiently.
  if (earlier.length === 0 || lead.test) return low;
  const { claims } = await storedLead(deps.database, lead._id);
  for (const { contract } of earlier) {
    const claim = claims[contract];
    const buyer = claim?.round === round.number ? await findBuyer(deps.database, claim.buyer) : undefined;
    if (claim && buyer && (await claimLowBalanceNotice(deps.database, buyer, claim.postId)))
      low.push(contract);
  }
  return low;
}
