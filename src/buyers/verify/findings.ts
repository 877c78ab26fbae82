import type { PingAnswer } from '../../market/auction/asking.js';
import { formatMoney } from '../../market/money.js';
import { readDelivery } from '../notice.js';
import type { PostResult } from '../post.js';
import type { Reply } from '../send.js';
import { REFUSALS } from '../testBuyer.js';
import { CURRENCY, FLOOR, type Exchange, type World } from './exchange.js';

/** One requirement of the protocol, and whether the server meets it. */
export interface Verification {
  check: string;
  /** `skipped`: the server doesn't support an optional message, or an earlier check makes this one pointless. */
  result: 'passed' | 'failed' | 'skipped';
  /** The request. */
  sent: string;
  /** The answer. */
  came: string;
  /** What the buyer has to change. */
  remedy?: string;
}

/** What a check finds. */
export type Finding = Omit<Verification, 'check'>;

/** A requirement, and how it is checked. */
export interface Check {
  check: string;
  run: (world: World) => Promise<Finding>;
}

/** Passes if the forged request was refused. */
export function refusalOf({ reply, came }: Exchange<unknown>, sent: string, remedy: string): Finding {
  const isRefused = reply.kind === 'answer' && REFUSALS.includes(reply.status);
  return isRefused ? { result: 'passed', sent, came } : { result: 'failed', sent, came, remedy };
}

/** Passes if the exchange can use the answer to a ping: a bid, or no bid. */
export function usablePing({ answer, reply, came }: Exchange<PingAnswer>, sent: string): Finding {
  if ('bid' in answer) {
    const { price = 0, shared = 0, note } = answer.bid;
    const isLow = Math.max(price, shared) < FLOOR;
    if (note === undefined && !isLow) return { result: 'passed', sent, came };
    const remedy = isLow ? `bid at least the floor, ${formatMoney(FLOOR, CURRENCY)}, or 0` : note;
    return { result: 'failed', sent, came, remedy };
  }
  const { reason, detail, status } = answer.noBid;
  if (reason === 'no_bid') return { result: 'passed', sent, came };
  if (reason === 'timeout') return { result: 'failed', sent, came, remedy: FASTER };
  return { result: 'failed', sent, came, remedy: remedyOf(reply, status, detail ?? reason) };
}

const FASTER = 'answer within respond_within_ms; later bids are not used';

/** Passes if the answer to a post is a clear yes or no. */
export function clearPost({ answer, reply, came }: Exchange<PostResult>, sent: string): Finding {
  const status = reply.kind === 'answer' ? reply.status : undefined;
  if (answer.answer === 'uncertain')
    return { result: 'failed', sent, came, remedy: remedyOf(reply, status, answer.detail) };
  if (status !== undefined && UNEXPECTED.includes(status))
    return { result: 'failed', sent, came, remedy: remedyOf(reply, status, answer.detail ?? '') };
  return { result: 'passed', sent, came };
}

/** Statuses that count as a no, but hardly are one. */
const UNEXPECTED = [...REFUSALS, 404, 405, 415];

function remedyOf(reply: Reply, status: number | undefined, detail: string): string {
  if (reply.kind === 'unreachable' && !reply.isBroken)
    return 'check the address and whether the server runs; the exchange connects by HTTPS in production';
  if (status === undefined) return detail;
  if (REFUSALS.includes(status))
    return 'the signature is right: compare GAVEL_SECRET with the secret that your server uses, and check the code that compares signatures';
  if (status === 404 || status === 405) return 'check the path of the address; messages are sent by POST';
  if (status === 415) return 'accept Content-Type: application/json';
  return detail;
}

/** Whether the server declines an optional message by a 4xx. */
export const isUnsupported = ({ reply }: Exchange<unknown>): boolean =>
  reply.kind === 'answer' && [400, 404, 405, 410, 422, 501].includes(reply.status);

/** Passes if a notice is confirmed. */
export function delivered(found: Exchange<unknown>, sent: string): Finding {
  const { reply, came } = found;
  if (readDelivery(reply).delivered) return { result: 'passed', sent, came };
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  return { result: 'failed', sent, came, remedy: 'answer any 2xx; otherwise the notice is sent again' };
}
