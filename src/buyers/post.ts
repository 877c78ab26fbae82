import { isFinalRefusal } from '../market/model/delivery.js';
import type { FieldValue } from '../market/fields/reading.js';
import { toDecimal, type Minor } from '../market/money.js';
import { acceptedFault, describeStatus } from './answerFaults.js';
import type { AnswerReading } from '../market/protocol/answer.js';
import { usableRedirect } from '../market/protocol/redirect.js';
import type { KeptAnswer } from '../market/protocol/scope.js';
import { buyerId, buyerReason, explained, notesOf, optional, reasonOf, screenedId } from './buyerText.js';
import { rawAnswer, sendStep, type OwnReply, type OwnStep } from './ownProtocol.js';
import { sendNotice, type Delivery } from './notice.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered, Reply, Secret, Send } from './send.js';

/** The full lead for the winning buyer. */
export interface Post {
  postId: string;
  pingId?: string;
  bidId?: string;
  leadId: string;
  category?: string;
  price: Minor;
  currency: string;
  exclusive: boolean;
  test: boolean;
  /** When the source sent the lead. The person agreed to `tcpaText` no later than that. */
  receivedAt: Date;
  /** Every field of the lead, by name. */
  lead: Record<string, FieldValue>;
  /** Of the buyer's own protocol: its answer to the ping. */
  pinged?: KeptAnswer;
  /** Whether it was sent before. */
  isAgain?: boolean;
}

/**
 * The meaning of a buyer's answer. `uncertain`: neither a clear yes nor a clear no. `detail` is for ops; `words` is the
 * same with the buyer's own text, for the database only.
 */
export type PostReading =
  | { answer: 'accepted'; buyerLeadId?: string; redirectUrl?: string; detail?: string }
  | { answer: 'refused'; detail: string; words?: string }
  | UncertainReading;

/** `pending`: the buyer has the lead and has not decided. The post is not sent again; `pendingId` is its own reference. */
interface UncertainReading {
  answer: 'uncertain';
  detail: string;
  retryAfterMs?: number;
  pending?: true;
  pendingId?: string;
}

export type PostResult = { ms: number } & PostReading;

interface PostEndpoint {
  url: string;
  timeoutMs: number;
  secret: Secret;
  /** The post of the buyer's own protocol; absent: Gavel's. */
  own?: OwnStep;
}

export async function sendPost(
  send: Send,
  buyer: PostEndpoint,
  post: Post,
  namesPerson: PersonScreen,
): Promise<PostResult> {
  if (buyer.own !== undefined)
    return postByOwnProtocol(send, { ...buyer, own: buyer.own }, post, namesPerson);
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
  const { url, timeoutMs, secret } = buyer;
  const reply = await send({ url, timeoutMs, secret, id: post.postId, payload });
  return { ms: reply.ms, ...readPostAnswer(reply, namesPerson) };
}

async function postByOwnProtocol(
  send: Send,
  { own, timeoutMs }: PostEndpoint & { own: OwnStep },
  post: Post,
  namesPerson: PersonScreen,
): Promise<PostResult> {
  const { currency, test, lead, pinged } = post;
  const terms = {
    post_id: post.postId,
    ping_id: post.pingId,
    lead_id: post.leadId,
    price: toDecimal(post.price, currency),
    currency,
    category: post.category,
    exclusive: post.exclusive,
    received_at: post.receivedAt.toISOString(),
  };
  const reply = await sendStep(send, own, { lead, terms, ping: pinged, currency, test }, timeoutMs);
  return { ms: reply.ms, ...readOwnPostAnswer(reply, own, { currency, isAgain: post.isAgain, namesPerson }) };
}

interface OwnReading {
  currency: string;
  /** Whether the post was sent before. */
  isAgain?: boolean;
  namesPerson: PersonScreen;
}

/** Reads an answer in the buyer's own protocol. */
export function readOwnPostAnswer(
  reply: OwnReply,
  { compiled }: OwnStep,
  { currency, ...reading }: OwnReading,
): PostReading {
  if (reply.kind === 'unsent')
    return { answer: 'uncertain', detail: `the post was not sent: ${reply.detail}` };
  if (reply.kind !== 'answer') return withoutAnswer(reply);
  const raw = rawAnswer(reply);
  if (raw === undefined)
    return { answer: 'uncertain', detail: reply.detail ?? 'the answer can’t be decoded' };
  return meaningOf(compiled.read(raw, currency), reply, reading);
}

/**
 * What an answer in the buyer's own protocol means for the post. `duplicate` is a no, unless the post was sent before:
 * then it may be a duplicate of itself.
 */
export function meaningOf(
  reading: AnswerReading,
  { status, retryAfterMs }: Answered,
  { isAgain = false, namesPerson }: Omit<OwnReading, 'currency'>,
): PostReading {
  const { means, reason, code } = reading;
  const said = reasonOf({ reason, code }, namesPerson);
  switch (means) {
    case 'accepted': {
      const { kept, note } = screenedId('id', reading.id, namesPerson);
      const redirectUrl = reading.redirect === undefined ? undefined : usableRedirect(reading.redirect);
      const isDropped = reading.redirect !== undefined && redirectUrl === undefined;
      const detail = notesOf(
        note,
        isDropped ? 'redirect is not an https address and was not kept' : undefined,
      );
      return { answer: 'accepted', buyerLeadId: kept, redirectUrl, detail };
    }
    case 'refused':
    case 'duplicate': {
      if (means === 'duplicate' && isAgain)
        return { answer: 'uncertain', detail: 'a duplicate, which may be of the same post sent before' };
      const own = status >= 400 ? `HTTP ${status}` : means === 'duplicate' ? 'duplicate' : undefined;
      const { detail = 'no reason given', words } = explained(said, said.code === own ? undefined : own);
      return { answer: 'refused', detail, words };
    }
    case 'pending': {
      const { kept } = screenedId('id', reading.id, namesPerson);
      return { answer: 'uncertain', pending: true, pendingId: kept, detail: 'the buyer has not decided yet' };
    }
    case 'again':
    case 'unclear':
    case 'bid':
    case 'noBid':
      return { answer: 'uncertain', detail: reading.detail ?? describeStatus(status), retryAfterMs };
  }
}

export function readPostAnswer(reply: Reply, namesPerson: PersonScreen): PostReading {
  return reply.kind === 'answer' ? readAnswer(reply, namesPerson) : withoutAnswer(reply);
}

const withoutAnswer = (reply: Exclude<Reply, { kind: 'answer' }>): PostReading => ({
  answer: 'uncertain',
  detail: reply.kind === 'timeout' ? 'no answer in time' : reply.detail,
});

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
  // A buyer with its own protocol knows no such message: it would take it for a lead.
  if (buyer.own !== undefined)
    return { ms: 0, delivered: false, final: true, detail: 'its protocol has no cancel notice' };
  const { url, timeoutMs, secret } = buyer;
  const payload = { type: 'post_cancelled', post_id: notice.postId, lead_id: notice.leadId };
  return sendNotice(send, { url, timeoutMs, secret, id: `${notice.postId}.cancelled`, payload });
}
