import { randomUUID } from 'node:crypto';
import type { PingAnswer } from '../../market/auction/asking.js';
import type { FieldValue } from '../../market/fields/reading.js';
import { toMinor } from '../../market/money.js';
import type { PersonScreen } from '../personScreen.js';
import { sendPing, type Ping } from '../ping.js';
import { sendCancellation, sendPost, type Post, type PostResult } from '../post.js';
import type { Reply, Send, SignedMessage } from '../send.js';
import { askStatus } from '../status.js';

/** The server to verify. */
export interface VerifiedServer {
  urls: Record<'ping' | 'post' | 'status' | 'notices', string>;
  secret: string;
  /** Whether the buyer is pinged; a buyer with a fixed price is not. */
  isPinged: boolean;
  category: string;
  /** Fields of the fictional lead that are added or replaced. */
  lead: Record<string, FieldValue>;
  /** Time limits of pings and of all other messages, ms. */
  timeoutMs: { ping: number; other: number };
}

/** A message as sent, what came back, and how the exchange reads it. */
export interface Exchange<T> {
  answer: T;
  reply: Reply;
  /** The reply in words. */
  came: string;
}

/** What the checks use. */
export interface World extends VerifiedServer {
  send: Send;
  /** Fields of the fictional lead. */
  fields: Record<string, FieldValue>;
  /** The fictional lead, each time with another phone number and e-mail address: a buyer may refuse duplicates. */
  newLead: () => Record<string, FieldValue>;
  screen: PersonScreen;
}

/** Changes a message before it is sent. */
export type Change = (message: SignedMessage) => SignedMessage;

export const CURRENCY = 'USD';
export const FLOOR = toMinor(1, CURRENCY) ?? 0;

const unchanged: Change = (message) => message;

/** A new ping about the fictional lead. */
export const newPing = ({ category, fields }: World): Ping => ({
  pingId: randomUUID(),
  category,
  state: String(fields.state),
  zip: String(fields.zip),
  city: String(fields.city),
  round: 1,
  floor: FLOOR,
  currency: CURRENCY,
  test: true,
  fields: {},
});

/** A new post of a fictional lead, or of the given fields. */
export const newPost = ({ newLead }: World, lead: Record<string, FieldValue> = newLead()): Post => ({
  postId: randomUUID(),
  leadId: randomUUID(),
  price: FLOOR,
  currency: CURRENCY,
  exclusive: true,
  test: true,
  receivedAt: new Date(),
  lead,
});

/** Sends by `by`, with the message changed by `change`, and keeps the reply. */
export async function exchange<T>(
  { send }: World,
  by: (send: Send) => Promise<T>,
  change: Change = unchanged,
): Promise<Exchange<T>> {
  const replies: { reply: Reply; timeoutMs: number }[] = [];
  const answer = await by(async (message) => {
    const reply = await send('request' in message ? message : change(message));
    replies.push({ reply, timeoutMs: message.timeoutMs });
    return reply;
  });
  const [first] = replies;
  if (first === undefined) throw new Error('The check sent nothing');
  return { answer, reply: first.reply, came: described(first) };
}

function described({ reply, timeoutMs }: { reply: Reply; timeoutMs: number }): string {
  switch (reply.kind) {
    case 'timeout':
      return `no answer within ${timeoutMs} ms`;
    case 'unreachable':
      return reply.isBroken ? reply.detail : `no connection: ${reply.detail}`;
    case 'oversized':
      return reply.detail;
    case 'answer': {
      const shown = reply.text ?? (reply.status === 204 ? '' : (reply.detail ?? ''));
      return `HTTP ${reply.status} ${shown.slice(0, MAX_SHOWN)}`.trim() + ` after ${reply.ms} ms`;
    }
  }
}

/** Characters of an answer that are shown. */
const MAX_SHOWN = 200;

export const pinged = (world: World, ping: Ping, change?: Change): Promise<Exchange<PingAnswer>> => {
  const to = { url: world.urls.ping, timeoutMs: world.timeoutMs.ping, secret: world.secret };
  return exchange(world, (send) => sendPing(send, to, ping, world.screen), change);
};

export const posted = (world: World, post: Post, change?: Change): Promise<Exchange<PostResult>> =>
  exchange(world, (send) => sendPost(send, endpoint(world, 'post'), post, world.screen), change);

export const asked = (world: World, postId: string) =>
  exchange(world, (send) => askStatus(send, endpoint(world, 'status'), postId, world.screen));

export const cancelled = (world: World, about: { postId: string; leadId: string }) =>
  exchange(world, (send) => sendCancellation(send, endpoint(world, 'post'), about));

export const endpoint = ({ urls, timeoutMs, secret }: World, to: keyof World['urls']) => ({
  url: urls[to],
  timeoutMs: timeoutMs.other,
  secret,
});
