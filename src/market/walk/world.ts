import type { PingAnswer } from '../auction/asking.js';
import type { CheckResult } from '../eligibility/outsideChecks.js';
import type { CompiledCampaign } from '../eligibility/compileCampaign.js';
import type { Offer } from '../auction/decide.js';
import type { Notice } from '../wording/notices.js';
import type { Candidate, Round } from '../model/round.js';
import type { Check } from '../model/market.js';
import type { Claim, Life } from './life.js';
import type { Trade } from './trade.js';

/** What a buyer says to a post. */
export type PostAnswer =
  | { answer: 'accepted' }
  | { answer: 'refused'; detail: string }
  | { answer: 'uncertain'; detail: string; retryAfterMs?: number };

/**
 * The answer of the buyer's status address for a post; `unknown` also if it has no such address, `silent` if it does
 * not answer.
 */
export type PostStatus = 'accepted' | 'refused' | 'unknown' | 'silent';

/** Everybody a lead meets on its way, as data: nothing is sent anywhere. Times in UTC ms. */
export interface World {
  now(): number;
  /** The terms of a campaign as they are now. */
  market(campaign: string): CompiledCampaign;
  trade: Trade;
  check(life: Life, check: Check): CheckResult;
  /** @param limitMs how long it may take to answer */
  ping(
    life: Life,
    asked: { round: Round; candidate: Candidate; pingId: string; limitMs: number },
  ): PingAnswer;
  post(life: Life, offer: Offer): PostAnswer;
  postStatus(life: Life, offer: Offer): PostStatus;
  /** Tells a buyer that a post is called off. */
  callOff(life: Life, offer: Offer): void;
  tell(life: Life, notice: Notice): void;
  /** Tells the seller how the lead stands now. */
  tellSeller(life: Life): void;
  booked(life: Life, contract: string, sale: Claim): void;
}
