import type { Failure } from '../limits/circuitBreaker.js';
import { pingId } from '../ids.js';
import { isFinalRefusal } from '../model/delivery.js';
import { aboveCeiling, isBelowFloor } from './prices.js';
import type { Reason } from '../model/reason.js';
import type { Bid, Candidate, Entry, NoBid, PingTimes, Round } from '../model/round.js';
import type { Sale } from '../model/market.js';
import type { Contender } from './turns.js';

/** A buyer's answer to a ping, or the reason that there is none. */
export type PingAnswer = PingTimes & { ms: number } & ({ bid: Bid } | { noBid: NoBid });

export function nextTier({ later }: Round): { tier: number; asked: Candidate[] } {
  const tier = Math.min(...later.map((candidate) => candidate.tier));
  return { tier, asked: later.filter((candidate) => candidate.tier === tier) };
}

/** Candidates whose answers the round did not wait for. Each is asked again at most once. */
export const missedCandidates = ({ entries }: Round): Candidate[] =>
  entries.filter(({ again }) => again === 'due').map((entry) => ({ ...askedOnce(entry), again: 'asked' }));

/** A key for candidates that are asked at the same time: by tier, and by whether they are asked again. */
export const askGroup = ({ tier, again }: Candidate): string => `${tier}${again === 'asked' ? ' again' : ''}`;

/** The entry of a candidate that was asked, but whose answer the round did not wait for. */
export const missedEntry = (candidate: Candidate): Entry => {
  const detail = 'the round was decided before it answered';
  return candidate.again === undefined
    ? { ...candidate, again: 'due', noBid: { reason: 'outbid', detail } }
    : { ...candidate, noBid: { reason: 'outbid', detail: `${detail}, also when it was asked again` } };
};

export function withAnswers(round: Round, answers: Entry[]): Round {
  const asked = new Set(answers.map(({ contract }) => contract));
  const isOther = ({ contract }: Candidate): boolean => !asked.has(contract);
  return {
    ...round,
    version: round.version + 1,
    entries: [...round.entries.filter(isOther), ...answers],
    later: round.later.filter(isOther),
  };
}

/** The round with a buyer's new answer in place of its expired bid, and its version raised by one. */
export function withNewAnswer(round: Round, expired: Entry, answer: PingAnswer): Round {
  const entry: Entry = { ...askedOnce(expired), ...answer };
  return {
    ...round,
    version: round.version + 1,
    entries: round.entries.map((before) => (before.contract === entry.contract ? entry : before)),
  };
}

/** The candidate of an entry, with the times of its ping: it is asked again. */
function askedOnce({ sentAfter, ms, ...entry }: Entry): Candidate {
  const candidate: Candidate & { bid?: unknown; noBid?: unknown } = { ...entry, first: { sentAfter, ms } };
  delete candidate.bid;
  delete candidate.noBid;
  return candidate;
}

/** Whether a contract has been asked twice in this round. Nobody is asked a third time. */
export function wasAskedAgain(
  leadId: string,
  { number, entries }: Pick<Round, 'number' | 'entries'>,
  { contract, bid }: { contract: string; bid: Bid },
): boolean {
  const isOfSecondPing = bid.pingId === pingId(leadId, contract, number, true);
  return isOfSecondPing || entries.some((entry) => entry.contract === contract && entry.again === 'asked');
}

/** While a buyer's circuit is half open, one lead at a time tries it. The others get this reason. */
export const PROBE_IN_PROGRESS = {
  reason: 'circuit_open',
  detail: 'after failures in a row; another lead is trying its server now',
} as const;

/** The reason for a bid that expires before a post can be sent. */
export function expiredBid({ goodForMs, pingId }: Bid): NoBid & { reason: 'invalid_response' } {
  const when = goodForMs === undefined ? 'expires' : `expires after ${goodForMs} ms,`;
  const detail = `the bid ${when} before a post can be sent; expires_in_ms is in milliseconds`;
  return { reason: 'invalid_response', detail, pingId };
}

/** The answer, or `noBid` if its bid is above the contract's ceiling. */
export function withinCeiling(
  answer: PingAnswer,
  { ceiling }: Pick<Candidate, 'ceiling'>,
  currency: string,
): PingAnswer {
  const noBid = 'bid' in answer ? aboveCeiling(answer.bid, ceiling, currency) : undefined;
  return noBid ? { ms: answer.ms, noBid } : answer;
}

/** The answer, or `noBid` if its bid has expired. Its buyer was already asked for a new one. */
export const unlessExpired = (answer: PingAnswer, now: number): PingAnswer =>
  'bid' in answer && hasExpired(answer.bid, now)
    ? { ms: answer.ms, sentAfter: answer.sentAfter, noBid: expiredBid(answer.bid) }
    : answer;

/** A bid must be valid for at least this much longer to be posted, ms. */
const POST_LEAD_MS = 100;

/**
 * Whether a bid expires too soon to be posted.
 * @param now UTC ms
 */
export const hasExpired = ({ expiresAt }: Bid, now: number): boolean =>
  expiresAt !== undefined && now > expiresAt - POST_LEAD_MS;

/** The contracts that contend for turns: those whose bids reach the floor. */
export const contendersOf = (sale: Sale, answers: readonly Entry[]): Contender[] =>
  answers.flatMap((entry) =>
    'bid' in entry && !isBelowFloor(sale, entry) ? [{ id: entry.contract, weight: entry.weight ?? 1 }] : [],
  );

/**
 * Why the answer counts as a failure of the buyer's server. Undefined if the buyer bids or does not want the lead. A
 * bid that expires at once counts as a failure, because it can never be used.
 * @param now UTC ms
 */
export function failureOf(answer: PingAnswer, now: number): Failure | undefined {
  const used = unlessExpired(answer, now);
  if (!('noBid' in used)) return undefined;
  const { reason, status, detail } = used.noBid;
  if (reason === 'http_error' && status !== undefined && isFinalRefusal(status)) return undefined;
  return UNUSABLE.includes(reason) ? { reason, detail } : undefined;
}

/** The answer to a ping of a test lead, with what its buyer is notified about if the answer could not be used. */
export function withTestPing(
  answer: PingAnswer,
  { pingId, limitMs }: { pingId: string; limitMs: number },
): PingAnswer {
  if (!('noBid' in answer) || !UNUSABLE.includes(answer.noBid.reason)) return answer;
  const { reason, detail } = answer.noBid;
  const late = reason === 'timeout' ? `no answer within ${limitMs} ms` : undefined;
  return { ...answer, noBid: { ...answer.noBid, pingId, detail: detail ?? late } };
}

/** The reasons of ping answers that could not be used. */
export const UNUSABLE: readonly Reason[] = ['timeout', 'unreachable', 'http_error', 'invalid_response'];
