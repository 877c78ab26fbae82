import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { toDecimal, toMinor, type Minor } from '../market/money.js';
import type { Bid, NoBid } from '../market/round.js';
import type { Reply, Send } from './send.js';

/** Would you buy it, and for how much? No name, phone, e-mail or street, ever. */
export interface Ping {
  pingId: string;
  category: string;
  state?: string;
  zip?: string;
  city?: string;
  round: number;
  floor: Minor;
  currency: string;
  test: boolean;
}

const PingAnswer = Compile(
  Type.Object({
    bid: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
    bid_id: Type.Optional(Type.String({ maxLength: 200 })),
    reason: Type.Optional(Type.String()),
  }),
);

export type PingResult = { ms: number } & ({ bid: Bid } | { noBid: NoBid });

/** Asks one buyer; whatever it does comes back as a bid or as a reason, never as an exception. */
export async function sendPing(
  send: Send,
  buyer: { url: string; timeoutMs: number; secret: string },
  ping: Ping,
): Promise<PingResult> {
  const payload = {
    type: 'ping',
    ping_id: ping.pingId,
    category: ping.category,
    state: ping.state,
    zip: ping.zip,
    city: ping.city,
    round: ping.round,
    floor: toDecimal(ping.floor, ping.currency),
    currency: ping.currency,
    respond_within_ms: buyer.timeoutMs,
    test: ping.test,
    fields: {},
  };
  const reply = await send({
    url: buyer.url,
    id: ping.pingId,
    secret: buyer.secret,
    payload,
    timeoutMs: buyer.timeoutMs,
  });
  return { ms: reply.ms, ...readPingAnswer(reply, ping) };
}

function readPingAnswer(reply: Reply, ping: Ping): { bid: Bid } | { noBid: NoBid } {
  switch (reply.kind) {
    case 'timeout':
      return { noBid: { reason: 'timeout' } };
    case 'unreachable':
      return { noBid: { reason: 'unreachable', detail: reply.detail } };
    case 'oversized':
      return { noBid: { reason: 'invalid_response', detail: reply.detail } };
    case 'answer':
      return readAnswer(reply.status, reply.body, ping);
  }
}

function readAnswer(status: number, body: unknown, ping: Ping): { bid: Bid } | { noBid: NoBid } {
  if (status === 204) return { noBid: { reason: 'no_bid' } };
  if (status < 200 || status > 299) return { noBid: { reason: 'http_error', detail: `HTTP ${status}` } };
  if (!PingAnswer.Check(body))
    return { noBid: { reason: 'invalid_response', detail: 'not {"bid": amount}' } };
  if (body.bid === null || body.bid === 0) return { noBid: { reason: 'no_bid' } };
  const price = toMinor(body.bid, ping.currency);
  if (price === undefined) {
    return { noBid: { reason: 'invalid_response', detail: `a bid finer than ${ping.currency} allows` } };
  }
  return { bid: { price, bidId: body.bid_id, pingId: ping.pingId } };
}
