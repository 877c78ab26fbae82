import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { PingAnswer } from '../market/asking.js';
import type { FieldValue } from '../market/fields/reading.js';
import { toDecimal, toMinor, type Minor } from '../market/money.js';
import type { Bid, NoBid } from '../market/round.js';
import type { Reply, Secret, Send } from './send.js';

/** Would you buy it, and for how much? No name, phone, e-mail or street, ever. */
export interface Ping {
  pingId: string;
  category: string;
  state?: string;
  zip?: string;
  city?: string;
  round: number;
  floor: Minor;
  /** The least for a place in a shared sale; only in a hybrid sale, where the buyer may bid both. */
  sharedFloor?: Minor;
  currency: string;
  test: boolean;
  /** Custom fields that the contract asks for. */
  fields: Record<string, FieldValue>;
  /** Of what the contract asks for, for the buyer's own check on duplicates. */
  phoneHash?: string;
  emailHash?: string;
}

const PingBody = Compile(
  Type.Object({
    bid: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
    shared_bid: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.Null()])),
    bid_id: Type.Optional(Type.String({ maxLength: 200 })),
    expires_in_ms: Type.Optional(Type.Number({ minimum: 0, maximum: 2_592_000_000 })),
    reason: Type.Optional(Type.String()),
  }),
);

/** Asks one buyer; whatever it does comes back as a bid or as a reason, never as an exception. */
export async function sendPing(
  send: Send,
  buyer: { url: string; timeoutMs: number; secret: Secret },
  ping: Ping,
): Promise<PingAnswer> {
  const payload = {
    type: 'ping',
    ping_id: ping.pingId,
    category: ping.category,
    state: ping.state,
    zip: ping.zip,
    city: ping.city,
    round: ping.round,
    floor: toDecimal(ping.floor, ping.currency),
    shared_floor: ping.sharedFloor === undefined ? undefined : toDecimal(ping.sharedFloor, ping.currency),
    currency: ping.currency,
    respond_within_ms: buyer.timeoutMs,
    test: ping.test,
    fields: ping.fields,
    phone_hash: ping.phoneHash,
    email_hash: ping.emailHash,
  };
  const reply = await send({
    url: buyer.url,
    id: ping.pingId,
    secret: buyer.secret,
    payload,
    timeoutMs: buyer.timeoutMs,
  });
  return { ms: reply.ms, ...readPingAnswer(reply, ping, Date.now()) };
}

/** What a buyer's answer says. @param now when it came, UTC ms */
export function readPingAnswer(
  reply: Reply,
  ping: Pick<Ping, 'pingId' | 'currency'>,
  now: number,
): { bid: Bid } | { noBid: NoBid } {
  switch (reply.kind) {
    case 'timeout':
      return { noBid: { reason: 'timeout' } };
    case 'unreachable':
      return { noBid: { reason: 'unreachable', detail: reply.detail } };
    case 'oversized':
      return { noBid: { reason: 'invalid_response', detail: reply.detail } };
    case 'answer':
      return readAnswer(reply.status, reply.body, ping, now);
  }
}

/** A bid without an end of its own is good for this long, ms. */
const BID_KEPT_MS = 120_000;

function readAnswer(
  status: number,
  body: unknown,
  ping: Pick<Ping, 'pingId' | 'currency'>,
  now: number,
): { bid: Bid } | { noBid: NoBid } {
  if (status === 204) return { noBid: { reason: 'no_bid' } };
  if (status < 200 || status > 299) return { noBid: { reason: 'http_error', detail: `HTTP ${status}` } };
  if (!PingBody.Check(body)) return { noBid: { reason: 'invalid_response', detail: 'not {"bid": amount}' } };
  const [price, shared] = [body.bid, body.shared_bid].map((bid) => (bid ? toMinor(bid, ping.currency) : bid));
  if ((price === undefined && body.bid) || (shared === undefined && body.shared_bid)) {
    return { noBid: { reason: 'invalid_response', detail: `a bid finer than ${ping.currency} allows` } };
  }
  if (!price && !shared) return { noBid: { reason: 'no_bid' } };
  const { bid_id: bidId, expires_in_ms: goodFor = BID_KEPT_MS } = body;
  return {
    bid: {
      ...(price && { price }),
      ...(shared && { shared }),
      ...(bidId !== undefined && { bidId }),
      pingId: ping.pingId,
      expiresAt: Math.floor(now + goodFor),
    },
  };
}
