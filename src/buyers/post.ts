import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { FieldValue } from '../market/fields/reading.js';
import { toDecimal, type Minor } from '../market/money.js';
import { isReasonCode } from '../market/returns.js';
import { buyerReference } from './buyerReference.js';
import { isClearNo } from '../market/clearNo.js';
import { sendNotice, type Hearing } from './notice.js';
import type { Reply, Secret, Send } from './send.js';

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

/** `uncertain` is everything that is neither a clear yes nor a clear no. `detail` is for ops. */
export type PostResult = { ms: number } & (
  | { answer: 'accepted'; buyerLeadId?: string }
  | { answer: 'refused'; detail: string }
  | { answer: 'uncertain'; detail: string; retryAfterMs?: number }
);

const PostAnswer = Compile(
  Type.Object({
    accepted: Type.Boolean(),
    buyer_lead_id: Type.Optional(Type.String({ maxLength: 200 })),
    reason: Type.Optional(Type.String()),
  }),
);

interface PostEndpoint {
  url: string;
  timeoutMs: number;
  secret: Secret;
}

export async function sendPost(send: Send, buyer: PostEndpoint, post: Post): Promise<PostResult> {
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
  return { ms: reply.ms, ...readPostAnswer(reply, post.lead) };
}

export type PostReading =
  | { answer: 'accepted'; buyerLeadId?: string }
  | { answer: 'refused' | 'uncertain'; detail: string; retryAfterMs?: number };

/** What a buyer's answer says. @param lead its fields, none of which may come back in what is kept */
export function readPostAnswer(reply: Reply, lead: Post['lead']): PostReading {
  switch (reply.kind) {
    case 'timeout':
      return { answer: 'uncertain', detail: 'no answer in time' };
    case 'unreachable':
    case 'oversized':
      return { answer: 'uncertain', detail: reply.detail };
    case 'answer':
      return readAnswer(reply, lead);
  }
}

function readAnswer(
  { status, body, retryAfterMs }: Extract<Reply, { kind: 'answer' }>,
  lead: Post['lead'],
): PostReading {
  if (isClearNo(status)) return { answer: 'refused', detail: `HTTP ${status}` };
  if (status < 200 || status > 299) return { answer: 'uncertain', detail: `HTTP ${status}`, retryAfterMs };
  // A 2xx that says neither yes nor no may come from a buyer that took the lead: only asking again can tell.
  if (!PostAnswer.Check(body))
    return { answer: 'uncertain', detail: 'not {"accepted": true or false}', retryAfterMs };
  if (body.accepted) return { answer: 'accepted', buyerLeadId: buyerReference(body.buyer_lead_id, lead) };
  return { answer: 'refused', detail: asReason(body.reason) };
}

const asReason = (reason: string | undefined): string =>
  reason !== undefined && isReasonCode(reason) ? reason : 'no reason given';

/** Tells a buyer that a post is called off: it was not sold the lead and is not billed for it. */
export async function sendCancellation(
  send: Send,
  buyer: PostEndpoint,
  notice: { postId: string; leadId: string },
): Promise<Hearing> {
  const payload = { type: 'post_cancelled', post_id: notice.postId, lead_id: notice.leadId };
  return sendNotice(send, { ...buyer, id: `${notice.postId}.cancelled`, payload });
}
