import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Reply, Secret, Send } from './send.js';

const StatusAnswer = Compile(
  Type.Object({
    accepted: Type.Union([Type.Boolean(), Type.Null()]),
    buyer_lead_id: Type.Optional(Type.String({ maxLength: 200 })),
  }),
);

/** What became of a post, by the buyer's own word. `unknown`: it says that it knows nothing of it. `silent`: it says nothing. */
export type PostStatus =
  | { status: 'accepted'; buyerLeadId?: string }
  | { status: 'refused' | 'unknown' | 'silent' };

/** Asks a buyer what became of a post whose answer never came. */
export async function askStatus(
  send: Send,
  buyer: { url: string; timeoutMs: number; secret: Secret },
  postId: string,
): Promise<PostStatus> {
  const payload = { type: 'post_status', post_id: postId };
  return readStatusAnswer(await send({ ...buyer, id: `${postId}.status`, payload }));
}

export function readStatusAnswer(reply: Reply): PostStatus {
  if (reply.kind !== 'answer' || reply.status < 200 || reply.status > 299) return { status: 'silent' };
  if (!StatusAnswer.Check(reply.body)) return { status: 'silent' };
  if (reply.body.accepted === null) return { status: 'unknown' };
  const { accepted, buyer_lead_id: buyerLeadId } = reply.body;
  if (!accepted) return { status: 'refused' };
  return { status: 'accepted', ...(buyerLeadId !== undefined && { buyerLeadId }) };
}
