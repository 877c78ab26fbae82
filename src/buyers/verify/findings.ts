import type { PingAnswer } from '../../market/auction/asking.js';
import { formatMoney } from '../../market/money.js';
import { EXAMPLES } from '../answerFaults.js';
import { readDelivery } from '../notice.js';
import type { PostResult } from '../post.js';
import type { Answered, Reply } from '../send.js';
import { describeUnreachable, REFUSALS } from '../testBuyer.js';
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
  /** What makes an answer to a signed request unusable; the same words for the same fault. */
  cause?: string;
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

/** What the request of a check tests, said if the server refuses its signature (401, 403) or fails with it. */
export interface Advice {
  unsigned?: string;
  crash?: string;
}

/** Passes if the forged request was refused. */
export function refusalOf({ reply, came }: Exchange<unknown>, sent: string, remedy: string): Finding {
  const isRefused = reply.kind === 'answer' && REFUSALS.includes(reply.status);
  if (isRefused) return { result: 'passed', sent, came };
  return { result: 'failed', sent, came, cause: causeOf(reply), remedy };
}

/** Passes if the exchange can use the answer to a ping: a bid, or no bid. */
export function usablePing(
  { answer, reply, came }: Exchange<PingAnswer>,
  sent: string,
  advice: Advice = {},
): Finding {
  const failed = (cause: string): Finding => ({ result: 'failed', sent, came, cause, remedy: cause });
  if ('bid' in answer) {
    const { price = 0, shared = 0, note } = answer.bid;
    if (Math.max(price, shared) < FLOOR)
      return failed(`bid at least the floor, ${formatMoney(FLOOR, CURRENCY)}, or 0`);
    return note === undefined ? { result: 'passed', sent, came } : failed(note);
  }
  const { reason, detail } = answer.noBid;
  if (reason === 'no_bid') return { result: 'passed', sent, came };
  return { result: 'failed', sent, came, ...faultOf(reply, detail ?? reason, 'bid', advice) };
}

/** Passes if the answer to a post is a clear yes or no. */
export function clearPost(
  { answer, reply, came }: Exchange<PostResult>,
  sent: string,
  advice: Advice = {},
): Finding {
  const isClear = answer.answer !== 'uncertain' && !isUnexpected(reply);
  if (isClear) return { result: 'passed', sent, came };
  return { result: 'failed', sent, came, ...faultOf(reply, answer.detail ?? '', 'accepted', advice) };
}

/** A status that counts as a no, but hardly is one. */
const isUnexpected = (reply: Reply): boolean =>
  reply.kind === 'answer' && [...REFUSALS, 404, 405, 413, 415].includes(reply.status);

/** Why the answer to a signed request can't be used, and what to do. */
export function faultOf(
  reply: Reply,
  detail: string,
  key: keyof typeof EXAMPLES,
  { unsigned, crash }: Advice = {},
): Required<Pick<Finding, 'cause' | 'remedy'>> {
  const status = reply.kind === 'answer' ? reply.status : 0;
  const isCrash = status >= 500 || status === 400 || status === 422 || isBroken(reply);
  const advice = REFUSALS.includes(status) ? unsigned : isCrash ? crash : undefined;
  return { cause: causeOf(reply) ?? detail, remedy: advice ?? remedyOf(reply, detail, key) };
}

/** Why there is no answer to any question; undefined of a 2xx. */
function causeOf(reply: Reply): string | undefined {
  if (reply.kind === 'timeout') return reply.kind;
  if (reply.kind !== 'answer') return reply.detail;
  return isGood(reply.status) ? undefined : `HTTP ${reply.status}`;
}

const isGood = (status: number): boolean => status >= 200 && status < 300;
const isBroken = (reply: Reply): boolean => reply.kind === 'unreachable' && reply.isBroken === true;

function remedyOf(reply: Reply, detail: string, key: keyof typeof EXAMPLES): string {
  switch (reply.kind) {
    case 'timeout':
      return key === 'bid'
        ? 'answer within respond_within_ms; later bids are not used'
        : 'answer sooner, and work on the message afterwards; without an answer it is sent again';
    case 'oversized':
      return `${reply.detail}; send only the keys of docs/buyer.md`;
    case 'unreachable':
      return reply.isBroken
        ? `${reply.detail}; send a whole HTTP/1.1 answer before you close the connection`
        : describeUnreachable(
            reply.detail,
            'check the address and whether the server runs; the exchange connects by HTTPS in production',
          );
    case 'answer':
      return isGood(reply.status) ? unreadable(reply, detail, key) : statusRemedy(reply.status);
  }
}

function unreadable({ malformed, text }: Answered, detail: string, key: keyof typeof EXAMPLES): string {
  if (!malformed || detail.includes(';')) return detail;
  return text === undefined ? `${detail}; send it uncompressed` : `${detail}; send ${EXAMPLES[key].send}`;
}

function statusRemedy(status: number): string {
  if (status < 400) return 'redirects are not followed: register the address that this one leads to';
  if (status >= 500) return 'your server failed: see its log';
  switch (status) {
    case 401:
      return OWN_SECRET;
    case 403:
      return `${OWN_SECRET}. A firewall or a CSRF check in front of your code also answers 403`;
    case 404:
    case 405:
      return 'check the path of the address; messages are sent by POST';
    case 408:
    case 425:
    case 429:
      return 'it counts as a failure of your server: don’t limit the requests of the exchange';
    case 413:
      return 'allow longer bodies; a lead has up to 64 KiB';
    case 415:
      return 'accept Content-Type: application/json';
    default:
      return 'a 4xx counts as a no; to say no, answer 200 {"bid": 0} or {"accepted": false}; otherwise see your server’s log';
  }
}

const OWN_SECRET =
  'the request is signed with GAVEL_SECRET: give your server the same secret, and test its code with the signed request of docs/buyer.md';

/** Whether the server declines an optional message by a 4xx. */
export const isUnsupported = ({ reply }: Exchange<unknown>): boolean =>
  reply.kind === 'answer' && [400, 404, 405, 410, 422, 501].includes(reply.status);

/** Passes if a notice is confirmed. */
export function delivered(found: Exchange<unknown>, sent: string): Finding {
  const { reply, came } = found;
  const delivery = readDelivery(reply);
  if (delivery.delivered) return { result: 'passed', sent, came };
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  const advice = { crash: 'answer any 2xx; otherwise the notice is sent again' };
  return { result: 'failed', sent, came, ...faultOf(reply, delivery.detail, 'accepted', advice) };
}
