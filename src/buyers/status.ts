import { acceptedFault } from './answerFaults.js';
import { buyerId, isObject } from './buyerText.js';
import type { PersonScreen } from './personScreen.js';
import type { Reply, Secret, Send } from './send.js';

/**
 * The buyer's answer to a status question. `unknown`: it does not know the post. `silent`: no usable answer, with the
 * reason in `detail`.
 */
export type PostStatus =
  | { status: 'accepted'; buyerLeadId?: string; detail?: string }
  | { status: 'refused' | 'unknown' }
  | { status: 'silent'; detail: string };

/** Asks a buyer for the status of a post that got no clear answer. */
export async function askStatus(
  send: Send,
  buyer: { url: string; timeoutMs: number; secret: Secret },
  postId: string,
  namesPerson: PersonScreen,
): Promise<PostStatus> {
  const payload = { type: 'post_status', post_id: postId };
  return readStatusAnswer(await send({ ...buyer, id: `${postId}.status`, payload }), namesPerson);
}

export function readStatusAnswer(reply: Reply, namesPerson: PersonScreen): PostStatus {
  if (reply.kind === 'timeout') return { status: 'silent', detail: 'no answer in time' };
  if (reply.kind !== 'answer') return { status: 'silent', detail: reply.detail };
  if (reply.status < 200 || reply.status > 299) return { status: 'silent', detail: `HTTP ${reply.status}` };
  const accepted =
    isObject(reply.body) && Object.hasOwn(reply.body, 'accepted') ? reply.body.accepted : undefined;
  if (accepted === null) return { status: 'unknown' };
  if (accepted === false) return { status: 'refused' };
  if (accepted !== true) return { status: 'silent', detail: acceptedFault(reply) };
  const { kept, note } = buyerId(reply, 'buyer_lead_id', namesPerson);
  return { status: 'accepted', buyerLeadId: kept, detail: note };
}
