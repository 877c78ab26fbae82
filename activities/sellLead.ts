import { NO_MAIL_SERVER } from '../src/buyers/outlets/email.js';
import { ownProtocol, stepOf, timeoutOf, type OwnProtocol } from '../src/buyers/ownProtocol.js';
import { personScreen } from '../src/buyers/personScreen.js';
import type { Delivery } from '../src/buyers/notice.js';
import { sendCancellation, sendPost, type Post as PostedLead, type PostResult } from '../src/buyers/post.js';
import { digestDue } from '../src/market/calendar/digestTime.js';
import { formatUtc } from '../src/market/calendar/isoTime.js';
import { hasExpired, PROBE_IN_PROGRESS } from '../src/market/auction/asking.js';
import type { Offer } from '../src/market/auction/decide.js';
import { postedFields } from '../src/market/fields/standardFields.js';
import { postId } from '../src/market/ids.js';
import type { SaleAnswer, UncertainAnswer } from '../src/market/life/round.js';
import type { Campaign, Sale } from '../src/market/model/market.js';
import type { Outlet } from '../src/market/model/outlet.js';
import { currencyExclusion, reservationNeeds } from '../src/market/eligibility/reservation.js';
import type { Round } from '../src/market/model/round.js';
import { metrics } from '../src/metrics.js';
import { currencyOf, type Acceptance } from '../src/store/sales/book.js';
import { openPingAnswer } from '../src/store/leads/pingAnswer.js';
import { skipOffer, type ClaimTerms } from '../src/store/sales/claims.js';
import {
  beginPost,
  bookPost,
  keepPost,
  refusePost,
  resumePost,
  storeRoundWithPost,
  type Post,
  type SaleNeeds,
  type StoredPost,
} from '../src/store/sales/posts.js';
import type { Claim, LeadDocument, PostAttempt } from '../src/store/documents.js';
import { claimLowBalanceNotice } from '../src/store/books/lowBalance.js';
import { findBuyer, type BuyerWithSecret } from '../src/store/market/storedTerms.js';
import { isHealthy, mayTry, note } from './failing.js';
import type { Deps } from './deps.js';
import { sandboxPost } from './sandbox.js';

export interface SaleRequest {
  leadId: string;
  /** The lead, if the caller has read it. */
  lead?: LeadDocument;
  round: number;
  sale: Pick<Sale, 'maxBuyers' | 'award'>;
  offer: Offer;
  /** The campaign of the offer, and the currency of its amounts. */
  campaign: Pick<Campaign, 'id' | 'currency'>;
  /** Decides the windows that the sale counts in, UTC ms. */
  now: number;
  /** What this attempt has stored with the round. */
  stored?: StoredPost;
  /** Takes the address that the buyer of a booked sale wants the person to be sent to. It must not enter a workflow. */
  onRedirect?: (url: string) => void;
}

export const saleRequest = (
  lead: LeadDocument,
  { number, campaign, terms }: Round,
  offer: Offer,
  now: number,
): SaleRequest & { lead: LeadDocument } => ({
  leadId: lead._id,
  lead,
  round: number,
  sale: terms.sale,
  offer,
  campaign: { id: campaign, currency: terms.currency },
  now,
});

/** Why a post without a clear answer is not sent again. */
const WITHDRAWN = 'the lead was withdrawn';

/** Whether a post is sent for the first time, or again after an answer that was not clear. */
type Sending = 'first' | 'again';

/** Sells to one buyer in one attempt: claim, reserve, post, book. */
export async function sellOnce(deps: Deps, request: SaleRequest): Promise<SaleAnswer> {
  return (await skippedOffer(deps, request)) ?? sell(deps, request, 'first');
}

/**
 * Sends a post again that got no clear answer, however the buyer's posts fail. If an attempt was stored, the claim and
 * its reservation are known.
 */
export async function sellAgain(
  deps: Deps,
  request: SaleRequest & { lead: LeadDocument },
): Promise<SaleAnswer> {
  const { lead, offer } = request;
  const claim = lead.claims[offer.contract];
  if (claim?.status !== 'posting' || claim.reservation !== 'made') return sell(deps, request, 'again');
  const post = await resumePost(deps.database, lead, offer.contract, claim);
  return send(deps, post, request, 'again');
}

/** The same as `sellOnce` for an offer whose claim this attempt has stored with the round. */
export const sellStored = (deps: Deps, request: SaleRequest & { stored: StoredPost }): Promise<SaleAnswer> =>
  sell(deps, request, 'first');

async function sell(deps: Deps, request: SaleRequest, sending: Sending): Promise<SaleAnswer> {
  const { leadId, lead = leadId, offer, now, stored } = request;
  const { contract } = offer;
  const isExpired = hasExpired(offer.bid, Date.now());
  const terms = claimTerms(request, { isExpired });
  const begun = await beginPost(
    deps.database,
    { ...terms, lead, stored },
    (lead, claim) => needsOf(deps, request, lead, claim),
    now,
  );
  switch (begun.status) {
    case 'refused':
      return begun.refusal;
    case 'closed':
      return isExpired ? { answer: 'expired' } : { answer: 'closed', status: begun.leadStatus };
    case 'settled':
      return settledBefore(deps, contract, begun);
    case 'posting':
      return send(deps, begun.post, request, sending);
  }
}

/**
 * Stores a round with the claim of its only first offer, and reserves what its sale needs, in one request. Undefined if
 * nothing was stored: the offer might be skipped, or the conditions are not met.
 */
export async function storeRoundForSale(
  deps: Deps,
  round: Round,
  request: SaleRequest & { lead: LeadDocument },
): Promise<StoredPost | undefined> {
  const { offer, lead, now } = request;
  if (hasExpired(offer.bid, Date.now()) || mayOfferAgain(offer)) return undefined;
  if (!(await isHealthy(deps, offer.buyer, 'posts')) || (await changedCurrency(deps, request)) !== undefined)
    return undefined;
  const terms = { ...claimTerms(request, { isExpired: false }), lead };
  const needs = (claim: Claim): Promise<SaleNeeds> => needsOf(deps, request, lead, claim);
  return storeRoundWithPost(deps.database, round, terms, { needsOf: needs, now });
}

/** Whether a cancelled post of an earlier round may be followed by another. */
const mayOfferAgain = ({ delivery }: Offer): boolean => delivery?.again === true;

function claimTerms(
  { leadId, round, sale, offer, campaign }: SaleRequest,
  { isExpired }: { isExpired: boolean },
): Omit<ClaimTerms, 'lead'> {
  const { contract, buyer, exclusive, price, earns } = offer;
  const again = mayOfferAgain(offer);
  return {
    contract,
    postId: postId(leadId, contract, again ? round : undefined),
    round,
    buyer,
    exclusive,
    price,
    earns,
    currency: campaign.currency,
    // No new post on a bid that has expired; a started post is still finished.
    maxBuyers: isExpired ? 0 : sale.maxBuyers,
    again,
  };
}

/** Why the offer is not made, unless another attempt has started it. */
async function skippedOffer(
  deps: Deps,
  request: SaleRequest,
): Promise<{ answer: 'closed' | 'circuit_open'; detail?: string } | undefined> {
  const { leadId, round, offer } = request;
  if (hasExpired(offer.bid, Date.now())) return undefined;
  const why = (await changedCurrency(deps, request)) ?? (await failing(deps, request));
  if (why === undefined) return undefined;
  const { contract } = offer;
  const isSkipped = await skipOffer(deps.database, leadId, { round, contract, ...why }, mayOfferAgain(offer));
  return isSkipped ? why : undefined;
}

/** The campaign is in another currency than the bid by now: its limits, and its next rounds, say nothing about this price. */
async function changedCurrency({ terms }: Deps, { campaign }: SaleRequest) {
  const now = await terms(campaign.id);
  if (!now || now.campaign.currency === campaign.currency) return undefined;
  const { detail } = currencyExclusion(now.campaign.currency, campaign.currency);
  return { answer: 'closed' as const, detail };
}

/** Of a buyer whose posts fail one lead at a time tries whether it takes them again, by its own; the others pass it over. */
async function failing(deps: Deps, { lead, offer }: SaleRequest) {
  if (lead?.sandbox !== undefined) return undefined;
  if (await mayTry(deps, offer.buyer, 'posts')) return undefined;
  return { answer: PROBE_IN_PROGRESS.reason, detail: PROBE_IN_PROGRESS.detail };
}

/** What the sale of a claim must reserve. A prepaid buyer pays nothing for a test lead. */
async function needsOf(
  deps: Deps,
  { offer, sale, now }: SaleRequest,
  lead: LeadDocument,
  { price, buyer: id }: Claim,
): Promise<SaleNeeds> {
  const market = await deps.terms(lead.campaign);
  const needs = reservationNeeds(market, offer.contract, { price, test: lead.test, award: sale.award, now });
  const buyer = lead.test ? undefined : await buyerOf(deps, lead, offer.contract);
  return { ...needs, buyer: buyer ?? { id } };
}

async function send(deps: Deps, post: Post, request: SaleRequest, sending: Sending): Promise<SaleAnswer> {
  const { offer } = request;
  const { lead, claim } = post;
  // Sent before, it may have been taken, which is settled without sending the person again.
  if (lead.withdrawal !== undefined) return uncertain(claim, WITHDRAWN);
  const to = await recipientOf(deps, lead, offer.contract);
  if (to === undefined) return uncertain(claim, 'the buyer has left the market');
  const settling = { post, to, onRedirect: request.onRedirect };
  const at = new Date();
  if (lead.sandbox !== undefined) {
    const forced = await sandboxPost(lead.sandbox);
    const { ms, answer: outcome, detail } = forced;
    return settle(deps, settling, { ...forced, attempt: { at, ms, outcome, detail } });
  }
  const mail = mailOf(to, at);
  const result = await sendTo(deps, { ...to, mail }, lead, {
    postId: claim.postId,
    pingId: offer.bid.pingId,
    bidId: offer.bid.bidId,
    leadId: lead._id,
    category: lead.category,
    pinged: openPingAnswer(deps.database.vault, lead, offer.contract, offer.bid.kept),
    isAgain: !post.isNew,
    price: claim.price,
    currency: currencyOf(claim, lead),
    exclusive: claim.exclusive,
    test: lead.test,
    receivedAt: lead.receivedAt,
    lead: postedFields(lead),
  });
  const { ms, answer: outcome } = result;
  metrics.post(ms, { buyer: claim.buyer, outcome });
  const { detail } = result;
  const isClear = outcome !== 'uncertain';
  // A buyer that decides later works.
  const isWell = isClear || result.pending === true;
  note(deps, {
    buyer: claim.buyer,
    of: 'posts',
    test: lead.test,
    id: claim.postId,
    ms,
    limitMs: postLimitOf(to) ?? Infinity,
    isYes: outcome === 'accepted',
    failure: isWell ? undefined : { reason: 'uncertain', detail },
    // One lead that is tried for days must not keep the others out.
    isNews: sending === 'first' || isWell,
  });
  deps.log.info({
    lead_id: lead._id,
    round: request.round,
    contract: offer.contract,
    event: 'post',
    outcome,
    detail,
    ms,
  });
  const isShown = !isClear || mail !== undefined;
  const attempt: PostAttempt = { at, ms, outcome, detail: isShown ? detail : undefined };
  const settled = await settle(deps, { ...settling, mail }, { ...result, attempt });
  return settled.answer === 'accepted' || settled.answer === 'refused' ? { ...settled, ms } : settled;
}

/** By the outlet of the contract, or to the buyer's server. */
async function sendTo(
  { send: sendHttp, outlets }: Deps,
  { mail, ...to }: Recipient & { mail: Acceptance['mail'] },
  lead: LeadDocument,
  post: PostedLead,
): Promise<PostResult> {
  const { buyer, outlet, own } = to;
  if (mail !== undefined)
    return outlets.hasMailServer
      ? { ms: 0, answer: 'accepted', detail: `to be e-mailed by ${formatUtc(mail.dueAt)}` }
      : { ms: 0, answer: 'uncertain', detail: NO_MAIL_SERVER };
  if (outlet !== undefined)
    return outlets.deliver(outlet, { ...post, category: lead.category }, buyer.secret);
  const timeoutMs = postLimitOf(to);
  if (buyer.post === undefined || timeoutMs === undefined)
    return { ms: 0, answer: 'uncertain', detail: NO_ADDRESS };
  const server = { ...buyer.post, timeoutMs, secret: buyer.secret, own: stepOf(own, 'post') };
  return sendPost(sendHttp, server, post, personScreen(lead));
}

/** When a lead is due that is sent together with others; undefined if it is sent alone. */
function mailOf({ outlet, timezone = 'UTC' }: Recipient, now: Date): Acceptance['mail'] {
  const digest = outlet?.email?.digest;
  if (outlet === undefined || digest === undefined) return undefined;
  return { outlet, dueAt: new Date(digestDue(digest, timezone, now.getTime())) };
}

/** The time limit of a post, ms. */
const postLimitOf = ({ buyer, outlet, own }: Recipient): number | undefined =>
  outlet?.timeoutMs ?? (buyer.post && timeoutOf(stepOf(own, 'post'), buyer.post));

/** A contract lost its outlet while a post was under way. */
const NO_ADDRESS = 'the buyer has neither an outlet nor an address for posts';

/** The answer that an earlier try got: the claim remembers it, and the buyer is not bothered again. */
async function settledBefore(
  deps: Deps,
  contract: string,
  { lead, claim }: { lead: LeadDocument; claim: Claim },
): Promise<SaleAnswer> {
  switch (claim.status) {
    case 'accepted':
    case 'returned':
      return accepted(deps, lead, claim, await buyerOf(deps, lead, contract));
    case 'refused':
      return { answer: 'refused', detail: claim.detail };
    case 'cancelled':
    case 'posting':
      return uncertain(claim, claim.detail);
  }
}

/** The sale is booked; of the sales that took a balance below its buyer's notice limit, the first reports it. */
export async function accepted(
  { database }: Deps,
  lead: Pick<LeadDocument, 'test'>,
  { postId }: Claim,
  buyer: BuyerWithSecret | undefined,
): Promise<SaleAnswer & { answer: 'accepted' }> {
  const isLow = buyer !== undefined && !lead.test && (await claimLowBalanceNotice(database, buyer, postId));
  return { answer: 'accepted', ...(isLow && { isLow }) };
}

/** Nothing that is tried again can make it clear. */
export const uncertain = ({ postId }: Claim, detail?: string): UncertainAnswer => ({
  answer: 'uncertain',
  postId,
  ...(detail !== undefined && { detail }),
  final: true,
});

/**
 * The buyer that a claim is for. Its contract may have left the market since the claim was made, and the post or its
 * cancellation must still reach the buyer, which stays in the store (see planApply).
 */
async function buyerOf(
  deps: Deps,
  lead: LeadDocument,
  contract: string,
): Promise<BuyerWithSecret | undefined> {
  const market = await deps.terms(lead.campaign);
  const present = market?.contracts.find((candidate) => candidate.contract.id === contract)?.buyer;
  const claim = lead.claims[contract];
  return present ?? (claim && (await findBuyer(deps.database, claim.buyer)));
}

/** Where a contract's posts go: to its outlet, or to its buyer's server. */
export interface Recipient {
  buyer: BuyerWithSecret;
  outlet?: Outlet;
  /** Of the contract. */
  timezone?: string;
  /** The buyer's own protocol under the contract, or as the buyer has it if the contract has left the market. */
  own?: OwnProtocol;
}

export async function recipientOf(
  deps: Deps,
  lead: LeadDocument,
  contract: string,
): Promise<Recipient | undefined> {
  const buyer = await buyerOf(deps, lead, contract);
  const market = await deps.terms(lead.campaign);
  const terms = market?.contracts.find((candidate) => candidate.contract.id === contract)?.contract;
  const { outlet, timezone } = terms ?? {};
  return buyer && { buyer, outlet, timezone, own: ownProtocol(buyer, terms) };
}

/** Tells the recipient of a post that it was cancelled; an outlet's file is removed. */
export async function sendCancellationTo(
  { send: sendHttp, outlets }: Deps,
  { buyer, outlet, own }: Recipient,
  about: { postId: string; leadId: string },
): Promise<Delivery> {
  if (outlet !== undefined) return outlets.cancel(outlet, about, buyer.secret);
  if (buyer.post === undefined) return { ms: 0, delivered: false, final: true, detail: NO_ADDRESS };
  const server = { ...buyer.post, secret: buyer.secret, own: stepOf(own, 'post') };
  return sendCancellation(sendHttp, server, about);
}

interface Settling {
  post: Post;
  to: Recipient;
  onRedirect: SaleRequest['onRedirect'];
  mail?: Acceptance['mail'];
}

async function settle(
  deps: Deps,
  { post, to, onRedirect, mail }: Settling,
  { attempt, ...result }: PostResult & { attempt: PostAttempt },
): Promise<SaleAnswer> {
  const { database } = deps;
  const { lead, claim } = post;
  if (result.answer === 'uncertain') {
    const { detail, retryAfterMs, pending, pendingId } = result;
    await keepPost(database, post, { attempt, buyerLeadId: pendingId });
    const final = pending === true ? true : undefined;
    return { answer: 'uncertain', detail, retryAfterMs, postId: claim.postId, final };
  }
  if (result.answer === 'refused') {
    await refusePost(database, post, { ...result, attempt });
    return { answer: 'refused', detail: result.detail };
  }
  const acceptance = await allowedAcceptance(deps, lead, result);
  const booked = await bookPost(database, post, { ...acceptance, attempt, mail });
  if (booked === 'accepted') {
    if (acceptance.redirectUrl !== undefined) onRedirect?.(acceptance.redirectUrl);
    const answer = await accepted(deps, lead, claim, to.buyer);
    return mail === undefined ? answer : { ...answer, mailAt: mail.dueAt.getTime() };
  }
  // The acceptance came after the post was cancelled: the buyer is notified again that it did not buy the lead.
  await sendCancellationTo(deps, to, { postId: claim.postId, leadId: lead._id });
  return uncertain(claim, 'accepted after it was called off');
}

/** The buyer's reference, with its address for the person only if the campaign passes such addresses on. */
export async function allowedAcceptance(
  deps: Deps,
  { campaign }: Pick<LeadDocument, 'campaign'>,
  { buyerLeadId, redirectUrl, detail }: Acceptance,
): Promise<Acceptance> {
  const isAllowed = redirectUrl !== undefined && (await deps.terms(campaign))?.campaign.redirects === true;
  return { buyerLeadId, redirectUrl: isAllowed ? redirectUrl : undefined, detail };
}
