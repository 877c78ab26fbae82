import { isFinalRefusal } from '../market/model/delivery.js';
import type { FieldValue } from '../market/fields/reading.js';
import { toDecimal, type Minor } from '../market/money.js';
import { acceptedFault, describeStatus } from './answerFaults.js';
import { buyerId, buyerReason, explained, optional } from './buyerText.js';
import { sendNotice, type Delivery } from './notice.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered, Reply, Secret, Send } from './send.js';

/** The full lead for the winning buyer. */
export interface Post {
  postId: string;
  pingId?: string;
  bidId?: string;
  leadId: string;
  price: Minor;
  currency: string;
  exclusive: boolean;
  test: boolean;
  /** When the source sent the lead. The person agreed to `tcpaText` no later than that. */
  receivedAt: Date;
  /** Every field of the lead, by name. */
  lead: Record<string, FieldValue>;
}

/**
 * The meaning of a buyer's answer. `uncertain`: neither a clear yes nor a clear no. `detail` is for ops; `words` is the
 * same with the buyer's own text, for the database only.
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
  if (isFinalRefusal(status)) {
    const own = `HTTP ${status}`;
    const { detail = own, words } = explained(buyerReason(answer, namesPerson), own);
    return { answer: 'refused', detail, words };
  }
  if (status < 200 || status > 299)
    return { answer: 'uncertain', detail: describeStatus(status), retryAfterMs };
  const accepted = optional(answer, 'accepted');
  // A 2xx without a clear answer may be from a buyer that took the lead, so the post is sent again.
  if (typeof accepted !== 'boolean')
    return { answer: 'uncertain', detail: acceptedFault(answer), retryAfterMs };
  if (accepted) {
    const { kept, note } = buyerId(answer, 'buyer_lead_id', namesPerson);
    return { answer: 'accepted', buyerLeadId: kept, detail: note };
  }
  const { detail = 'no reason given', words } = explained(buyerReason(answer, namesPerson));
  return { answer: 'refused', detail, words };
}

/** Notifies a buyer that its post is cancelled: it did not buy the lead and is not billed. */
export async function sendCancellation(
  send: Send,
  buyer: PostEndpoint,
  notice: { postId: string; leadId: string },
): Promise<Delivery> {
  const payload = { type: 'post_cancelled', post_id: notice.postId, lead_id: notice.leadId };
  return sendNotice(send, { ...buyer, id: `${notice.postId}.cancelled`, payload });
}
