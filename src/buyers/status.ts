import { acceptedFault } from './answerFaults.js';
import { buyerId, isObject } from './buyerText.js';
import type { PersonScreen } from './personScreen.js';
import { rawAnswer, sendStep, type OwnReply, type OwnStep, type StepScope } from './ownProtocol.js';
import { meaningOf } from './post.js';
import type { Reply, Secret, Send } from './send.js';

/**
 * The buyer's answer to a status question. `unknown`: it does not know the post. `silent`: no usable answer, with the
 * reason in `detail`.
 */
export type PostStatus =
  | { status: 'accepted'; buyerLeadId?: string; redirectUrl?: string; detail?: string }
  | { status: 'refused' | 'unknown' }
  | { status: 'silent'; detail: string };

interface StatusEndpoint {
  url: string;
  timeoutMs: number;
  secret: Secret;
  /** The status question of the buyer's own protocol, with what its templates use; absent: Gavel's. */
  own?: OwnStep & { scope: StepScope };
}

/** Asks a buyer for the status of a post that got no clear answer. */
export async function askStatus(
  send: Send,
  { url, timeoutMs, secret, own }: StatusEndpoint,
  postId: string,
  namesPerson: PersonScreen,
): Promise<PostStatus> {
  if (own !== undefined) return askByOwnProtocol(send, { own, timeoutMs }, namesPerson);
  const payload = { type: 'post_status', post_id: postId };
  const reply = await send({ url, timeoutMs, secret, id: `${postId}.status`, payload });
  return readStatusAnswer(reply, namesPerson);
}

async function askByOwnProtocol(
  send: Send,
  { own, timeoutMs }: { own: OwnStep & { scope: StepScope }; timeoutMs: number },
  namesPerson: PersonScreen,
): Promise<PostStatus> {
  const reply = await sendStep(send, own, own.scope, timeoutMs);
  return readOwnStatusAnswer(reply, own, own.scope.currency, namesPerson);
}

/** Reads an answer in the buyer's own protocol. */
export function readOwnStatusAnswer(
  reply: OwnReply,
  { compiled }: OwnStep,
  currency: string,
  namesPerson: PersonScreen,
): PostStatus {
  const silent = (detail: string): PostStatus => ({ status: 'silent', detail });
  if (reply.kind === 'timeout') return silent('no answer in time');
  if (reply.kind !== 'answer') return silent(reply.detail);
  const raw = rawAnswer(reply);
  if (raw === undefined) return silent(reply.detail ?? 'the answer can’t be decoded');
  const meaning = meaningOf(compiled.read(raw, currency), reply, { namesPerson });
  switch (meaning.answer) {
    case 'accepted': {
      const { buyerLeadId, redirectUrl, detail } = meaning;
      return { status: 'accepted', buyerLeadId, redirectUrl, detail };
    }
    case 'refused':
      return { status: 'refused' };
    case 'uncertain':
      return silent(meaning.detail);
  }
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
