import { setTimeout as sleep } from 'node:timers/promises';
import type { PostResult } from '../src/buyers/post.js';
import type { PingAnswer } from '../src/market/auction/asking.js';
import { floorOf } from '../src/market/auction/prices.js';
import type { Candidate, Round } from '../src/market/model/round.js';
import type { SandboxOutcome } from '../src/market/model/sandbox.js';

/*
 * The answers of buyers to sandbox leads (src/market/model/sandbox.ts). The buyers themselves are not contacted, and
 * their statistics and circuits don't change.
 */

/** Longer than the default answer window, so that the source is answered `pending` first, ms. */
const LATE_MS = 5000;

/** The lowest amount above zero, in minor units. */
const LEAST = 1;

export function sandboxPing(outcome: SandboxOutcome, { terms }: Round, candidate: Candidate): PingAnswer {
  const { sale } = terms;
  if (outcome === 'no_bid') return { ms: 0, noBid: { reason: 'no_bid', detail: 'by the sandbox' } };
  const isLow = outcome === 'below_floor';
  const priceOf = (kind: 'exclusive' | 'shared'): number =>
    isLow ? LEAST : Math.max(LEAST, floorOf(sale, candidate.floor, kind));
  const shared = sale.mode === 'hybrid' ? priceOf('shared') : undefined;
  return { ms: 0, bid: { price: priceOf('exclusive'), shared, note: 'by the sandbox' } };
}

export async function sandboxPost(outcome: SandboxOutcome): Promise<PostResult> {
  if (outcome === 'refused') return { ms: 0, answer: 'refused', detail: 'by the sandbox' };
  if (outcome === 'uncertain') return { ms: 0, answer: 'uncertain', detail: 'HTTP 503, by the sandbox' };
  const ms = outcome === 'sold_later' ? LATE_MS : 0;
  await sleep(ms);
  return { ms, answer: 'accepted' };
}
