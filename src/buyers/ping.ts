import type { PingAnswer } from '../market/auction/asking.js';
import type { FieldValue } from '../market/fields/reading.js';
import { MOST_MONEY, toDecimal, toMinor, type Minor } from '../market/money.js';
import type { Bid, NoBid } from '../market/model/round.js';
import { amountFault, missingKey, describeStatus } from './answerFaults.js';
import { isFinalRefusal } from '../market/model/delivery.js';
import type { AnswerReading } from '../market/protocol/answer.js';
import type { KeptAnswer } from '../market/protocol/scope.js';
import {
  buyerId,
  buyerReason,
  explained,
  isObject,
  kindOf,
  notesOf,
  optional,
  reasonOf,
  screenedId,
} from './buyerText.js';
import { answerToKeep, rawAnswer, sendStep, type OwnReply, type OwnStep } from './ownProtocol.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered, Reply, Secret, Send } from './send.js';

/** A request for a bid. It never has name, phone, e-mail or street. */
export interface Ping {
  pingId: string;
  category: string;
  state?: string;
  zip?: string;
  city?: string;
  round: number;
  floor: Minor;
  /** The minimum for a place in a shared sale. Only in a hybrid sale, in which the buyer may bid for both. */
  sharedFloor?: Minor;
  currency: string;
  test: boolean;
  /** Custom fields that the contract asks for. */
  fields: Record<string, FieldValue>;
  /** If the contract asks for them, for the buyer's own duplicate check. */
  phoneHash?: string;
  emailHash?: string;
  /** What the templates of the buyer's own protocol may use of the lead. */
  lead?: Record<string, FieldValue>;
}

/** The answer, with what the buyer's own protocol needs of it in its post. */
export type PingResult = PingAnswer & { kept?: KeptAnswer };

interface PingEndpoint {
  url: string;
  timeoutMs: number;
  secret: Secret;
  /** The ping of the buyer's own protocol; absent: Gavel's. */
  own?: OwnStep;
}

/** Pings one buyer. Any answer or failure becomes a bid or a reason; nothing is thrown. */
export async function sendPing(
  send: Send,
  buyer: PingEndpoint,
  ping: Ping,
  namesPerson: PersonScreen,
): Promise<PingResult> {
  if (buyer.own !== undefined)
    return pingByOwnProtocol(send, { ...buyer, own: buyer.own }, ping, namesPerson);
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
  return { ms: reply.ms, ...readPingAnswer(reply, ping, Date.now(), namesPerson) };
}

async function pingByOwnProtocol(
  send: Send,
  { own, timeoutMs }: PingEndpoint & { own: OwnStep },
  { pingId, category, currency, floor, round, test, lead = {} }: Ping,
  namesPerson: PersonScreen,
): Promise<PingResult> {
  const terms = { ping_id: pingId, category, currency, floor: toDecimal(floor, currency), round };
  const reply = await sendStep(send, own, { lead, terms, currency, test }, timeoutMs);
  return {
    ms: reply.ms,
    ...readOwnPingAnswer(reply, own, { pingId, currency, now: Date.now() }, namesPerson),
  };
}

/** Reads an answer in the buyer's own protocol; `now` is when it arrived, UTC ms. */
export function readOwnPingAnswer(
  reply: OwnReply,
  { compiled: { read }, protocol }: OwnStep,
  { pingId, currency, now }: Asked & { now: number },
  namesPerson: PersonScreen,
): Reading & { kept?: KeptAnswer } {
  if (reply.kind === 'unsent') return invalid(`the ping was not sent: ${reply.detail}`);
  if (reply.kind !== 'answer') return withoutAnswer(reply);
  const raw = rawAnswer(reply);
  if (raw === undefined) return invalid(reply.detail ?? 'the answer can’t be decoded');
  const reading = read(raw, currency);
  if (reading.means !== 'bid') return noBidOf(reading, reply, namesPerson);
  const { keepsPingAnswer } = protocol.compiled;
  const kept = keepsPingAnswer ? answerToKeep(reading, reply) : undefined;
  if (keepsPingAnswer && kept === undefined)
    return invalid('the answer is over 16 KiB, and the post needs it');
  const id = screenedId('id', reading.id, namesPerson);
  const expiresAt = now + BID_KEPT_MS;
  return { kept, bid: { price: reading.bid, bidId: id.kept, pingId, expiresAt, note: id.note } };
}

function noBidOf(reading: AnswerReading, { status }: Answered, namesPerson: PersonScreen): Reading {
  const { means, reason, code, detail } = reading;
  const said = explained(reasonOf({ reason, code }, namesPerson));
  if (means === 'noBid') return { noBid: { reason: 'no_bid', ...said } };
  if (isLater(status) || means === 'again')
    return { noBid: { reason: 'http_error', status, ...said, detail: describeStatus(status) } };
  return { noBid: { reason: 'invalid_response', ...said, detail } };
}

/** A status that is never an answer to the question. */
const isLater = (status: number): boolean => (status < 200 || status > 299) && !isFinalRefusal(status);

type Asked = Pick<Ping, 'pingId' | 'currency'>;
type Reading = { bid: Bid } | { noBid: NoBid };

/**
 * Reads a buyer's answer.
 * @param now when it arrived, UTC ms
 */
export function readPingAnswer(reply: Reply, ping: Asked, now: number, namesPerson: PersonScreen): Reading {
  return reply.kind === 'answer' ? readAnswer(reply, ping, now, namesPerson) : withoutAnswer(reply);
}

function withoutAnswer(reply: Exclude<Reply, { kind: 'answer' }>): Reading {
  switch (reply.kind) {
    case 'timeout':
      return { noBid: { reason: 'timeout' } };
    case 'unreachable':
      return { noBid: { reason: 'unreachable', detail: reply.detail } };
    case 'oversized':
      return invalid(reply.detail);
  }
}

const invalid = (detail: string): Reading => ({ noBid: { reason: 'invalid_response', detail } });

function readAnswer(answer: Answered, ping: Asked, now: number, namesPerson: PersonScreen): Reading {
  const { status, body } = answer;
  if (status === 204) return { noBid: { reason: 'no_bid' } };
  const reason = () => buyerReason(answer, namesPerson);
  if (status < 200 || status > 299)
    return { noBid: { reason: 'http_error', status, ...explained(reason(), describeStatus(status)) } };
  // A bid for a shared place may omit the exclusive bid.
  const isBid = isObject(body) && (Object.hasOwn(body, 'bid') || typeof body.shared_bid === 'number');
  if (!isBid) return invalid(missingKey(answer, 'bid'));
  const [price, shared] = ['bid', 'shared_bid'].map((key) =>
    amountIn(answer, key, ping.currency, namesPerson),
  ) as [Amount, Amount];
  // A fault in `bid` makes the whole answer invalid: which of the two amounts was meant would be a guess.
  if (price.fault !== undefined) return invalid(price.fault);
  if (price.amount === undefined && shared.amount === undefined) {
    if (shared.fault !== undefined) return invalid(shared.fault);
    return { noBid: { reason: 'no_bid', ...explained(reason()) } };
  }
  const id = buyerId(answer, 'bid_id', namesPerson);
  const term = expiryIn(answer);
  return {
    bid: {
      price: price.amount,
      shared: shared.amount,
      bidId: id.kept,
      pingId: ping.pingId,
      expiresAt: Math.floor(now + (term.goodForMs ?? BID_KEPT_MS)),
      goodForMs: term.goodForMs,
      note: notesOf(
        shared.fault && `${shared.fault}; ignored`,
        currencyNote(answer, ping.currency),
        id.note,
        term.note,
      ),
    },
  };
}

/** A bid is in the ping's currency, so another one in the answer is a mistake of the buyer. */
function currencyNote(answer: Answered, currency: string): string | undefined {
  const named = optional(answer, 'currency');
  const isSame = typeof named !== 'string' || named.toUpperCase() === currency;
  return isSame
    ? undefined
    : `the bid counts in ${currency}, the currency of the ping; another one is ignored`;
}

interface Amount {
  amount?: Minor;
  fault?: string;
}

/** An amount above zero; zero and `null` are no bid. */
function amountIn(answer: Answered, key: string, currency: string, namesPerson: PersonScreen): Amount {
  const value = optional(answer, key);
  if (value === undefined || value === 0) return {};
  const amount =
    typeof value === 'number' && value > 0 && value <= MOST_MONEY ? toMinor(value, currency) : undefined;
  return amount === undefined ? { fault: amountFault(key, value, currency, namesPerson) } : { amount };
}

/** How long a bid is valid unless it has its own expiry, and the maximum; ms. */
const BID_KEPT_MS = 120_000;
const BID_KEPT_AT_MOST_MS = 2_592_000_000;

function expiryIn(answer: Answered): { goodForMs?: number; note?: string } {
  const value = optional(answer, 'expires_in_ms');
  if (value === undefined) return {};
  if (typeof value === 'number' && value >= 0) return { goodForMs: Math.min(value, BID_KEPT_AT_MOST_MS) };
  const what = typeof value === 'number' ? 'negative' : kindOf(value);
  return { note: `expires_in_ms is ${what}; ignored` };
}
