import { isClearNo } from '../market/model/clearNo.js';
import type { FieldValue } from '../market/fields/reading.js';
import { toDecimal, type Minor } from '../market/money.js';
import { acceptedFault, describeStatus } from './answerFaults.js';
import { buyerId, buyerReason, explained, optional } from './buyerText.js';
import { sendNotice, type Delivery } from './notice.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered, Reply, Secret, Send } from './send.js';

/** The whole lead for the buyer who won. */
export interface Post {
  postId: string;
  pingId?: string;
  bidId?: string;
  leadId: string;
  price: Minor;
  currency: string;
  exclusive: boolean;
  test: boolean;
  /** When the source sent the lead: the person agreed to what `tcpaText` says no later than then. */
  receivedAt: Date;
  /** Every field of the lead, by name. */
  lead: Record<string, FieldValue>;
}

/**
 * What a buyer's answer says. `uncertain` is everything that is neither a clear yes nor a clear no. `detail` is for ops;
 * `words` is the same with the buyer's own words, for the database only.
 */
export type PostReading =
  | { answer: 'accepted'; buyerLeadId?: string; detail?: string }
  | { answer: 'refused'; detail: string; words?: string }
  | { answer: 'uncertain'; detail: string; retryAfterMs?: number };

export type PostResult = { ms: number } & PostReading;

interface PostEndpoint {
  url: string;
  timeoutMs: number;
  secret: Secret;
}

export async function sendPost(
  send: Send,
  buyer: PostEndpoint,
  post: Post,
  namesPerson: PersonScreen,
): Promise<PostResult> {
  const payload = {
    type: 'post',
    post_id: post.postId,
    ping_id: post.pingId,
    bid_id: post.bidId,
    lead_id: post.leadId,
    price: toDecimal(post.price, post.currency),
    currency: post.currency,
    exclusive: post.exclusive,
    test: post.test,
    received_at: post.receivedAt.toISOString(),
    lead: post.lead,
  };
  const reply = await send({ ...buyer, id: post.postId, payload });
  return { ms: reply.ms, ...readPostAnswer(reply, namesPerson) };
}

export function readPostAnswer(reply: Reply, namesPerson: PersonScreen): PostReading {
  switch (reply.kind) {
    case 'timeout':
      return { answer: 'uncertain', detail: 'no answer in time' };
    case 'unreachable':
    case 'oversized':
      return { answer: 'uncertain', detail: reply.detail };
    case 'answer':
      return readAnswer(reply, namesPerson);
  }
}

function readAnswer(answer: Answered, namesPerson: PersonScreen): PostReading {
  const { status, retryAfterMs } = answer;
  if (isClearNo(status)) {
    const own = `HTTP ${status}`;
    const { detail = own, words } = explained(buyerReason(answer, namesPerson), own);
    return { answer: 'refused', detail, words };
  }
  if (status < 200 || status > 299)
    return { answer: 'uncertain', detail: describeStatus(status), retryAfterMs };
  const accepted = optional(answer, 'accepted');
  // A 2xx that says neither yes nor no may come from a buyer that took the lead: only asking again can tell.
  if (typeof accepted !== 'boolean')
    return { answer: 'uncertain', detail: acceptedFault(answer), retryAfterMs };
  if (accepted) {
    const { kept, note } = buyerId(answer, 'buyer_lead_id', namesPerson);
    return { answer: 'accepted', buyerLeadId: kept, detail: note };
  }
  const { detail = 'no reason given', words } = explained(buyerReason(answer, namesPerson));
  return { answer: 'refused', detail, words };
}

/** Tells a buyer that a post is called off: it was not sold the lead and is not billed for it. */
export async function sendCancellation(
  send: Send,
  buyer: PostEndpoint,
  notice: { postId: string; leadId: string },
): Promise<Delivery> {
  const payload = { type: 'post_cancelled', post_id: notice.postId, lead_id: notice.leadId };
  return sendNotice(send, { ...buyer, id: `${notice.postId}.cancelled`, payload });
}
