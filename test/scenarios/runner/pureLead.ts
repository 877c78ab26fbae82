import {
  contendersOf,
  failureOf,
  hasExpired,
  missedEntry,
  nextTier,
  PROBE_IN_PROGRESS,
  unlessExpired,
  withAnswers,
  withinCeiling,
  withNewAnswer,
  withTestPing,
  type PingAnswer,
} from '../../../src/market/auction/asking.js';
import {
  conclude,
  exclusionAsAnswer,
  unsoldReason,
  type Offer,
  type OfferAnswer,
} from '../../../src/market/auction/decide.js';
import { isDecided, pingLimit } from '../../../src/market/auction/earlyClose.js';
import { placesOf } from '../../../src/market/auction/prices.js';
import { isByTurns, turnsUsed } from '../../../src/market/auction/turnsUsed.js';
import type { CompiledCampaign } from '../../../src/market/eligibility/compileCampaign.js';
import type { LeadInRound } from '../../../src/market/eligibility/eligibility.js';
import { fixedBid, newRound } from '../../../src/market/eligibility/newRound.js';
import { afterChecks, type CheckResult } from '../../../src/market/eligibility/outsideChecks.js';
import { planRound, withinLimits } from '../../../src/market/eligibility/plan.js';
import { reservationNeeds } from '../../../src/market/eligibility/reservation.js';
import { pingId, postId } from '../../../src/market/ids.js';
import type { UncertainPost } from '../../../src/market/life/deliver.js';
import type { LifePort, RoundResult } from '../../../src/market/life/life.js';
import { advanceRound, type RoundPort, type SaleAnswer } from '../../../src/market/life/round.js';
import type { PersonHashes } from '../../../src/market/limits/duplicates.js';
import { calledOffDetail, HELD_MS, waitBeforeAttempt } from '../../../src/market/model/delivery.js';
import type { LeadStatus } from '../../../src/market/model/lead.js';
import type { Check } from '../../../src/market/model/market.js';
import type { LeadReason } from '../../../src/market/model/reason.js';
import type { Candidate, Entry, Exclusion, Outcome, Round } from '../../../src/market/model/round.js';
import type { Minor } from '../../../src/market/money.js';
import {
  isSameWait,
  nextWait,
  withWaitUpdate,
  type Wait,
  type WaitUpdate,
} from '../../../src/market/waiting/waiting.js';
import { noticesOf, unusedPost, type Notice } from '../../../src/market/wording/notices.js';
import type { SimulatedClock } from './simulatedClock.js';
import type { Trade } from './trade.js';

/** A buyer's answer to a post. */
export type PostAnswer =
  | { answer: 'accepted'; redirectUrl?: string }
  | { answer: 'refused'; detail: string }
  | { answer: 'uncertain'; detail: string; retryAfterMs?: number; pending?: true };

/** The answer of a buyer's status address; `unknown` also if it has none, `silent` if it does not answer. */
export type PostStatus = 'accepted' | 'refused' | 'unknown' | 'silent';

/** A buyer's claim on a lead, by contract. */
export interface Claim {
  sale: string;
  buyer: string;
  round: number;
  status: 'posting' | 'accepted' | 'refused' | 'cancelled' | 'returned';
  price: Minor;
  earns: Minor;
  exclusive: boolean;
  /** UTC ms. */
  at: number;
}

/** Everybody that a lead meets, as data. */
export interface Parties {
  clock: SimulatedClock;
  trade: Trade;
  /** The current terms of a campaign. */
  market(campaign: string): CompiledCampaign;
  check(lead: PureLead, check: Check): CheckResult;
  /** @param limitMs timeout of the ping */
  ping(
    lead: PureLead,
    asked: { round: Round; candidate: Candidate; pingId: string; limitMs: number },
  ): PingAnswer;
  post(lead: PureLead, offer: Offer, sent: { isAgain: boolean }): PostAnswer;
  postStatus(lead: PureLead, buyer: string): PostStatus;
  /** Notifies a buyer that a post is cancelled. */
  notifyOfCancellation(lead: PureLead, buyer: string): void;
  notifyBuyer(lead: PureLead, notice: Notice): void;
  notifySeller(lead: PureLead): void;
  book(lead: PureLead, sale: Claim): void;
}

interface PurePost extends UncertainPost {
  offer: Offer;
}

/** A lead whose life needs no servers and no database. Times in UTC ms. */
export class PureLead implements LifePort<PurePost> {
  status: LeadStatus = 'received';
  reason?: LeadReason;
  rounds: { round: Round; outcomes: Outcome[]; answers: OfferAnswer[] }[] = [];
  claims = new Map<string, Claim>();
  /** What the seller earns, the sum over buyers, and who they are. */
  price: Minor = 0;
  buyers: string[] = [];
  /** Where the last buyer that says so wants the person to be sent. */
  redirectUrl?: string;
  /** The answer to its source. */
  answer?: { at: number; status: LeadStatus; price: Minor; buyers: string[]; redirectUrl?: string };
  endedAt?: number;
  /** The status that its seller is notified of. */
  notified: LeadStatus = 'received';
  /** End of its wait. */
  dueAt?: number;
  /** Whether its next round is run now. */
  isWoken = false;
  /** Updates since its wait started. */
  news: WaitUpdate = { changes: [] };
  isWithdrawn = false;
  /** Decisions of ops on held posts, by buyer. */
  readonly decisions = new Map<string, boolean>();
  /** Contracts whose sale took the prepaid balance below the threshold of the buyer's notice. */
  private low: string[] = [];
  /** The round in progress. */
  private current: { round: Round; answers: OfferAnswer[] } | undefined;

  constructor(
    readonly lead: Omit<LeadInRound, 'offered'> & { match: PersonHashes },
    readonly campaign: string,
    private readonly parties: Parties,
  ) {}

  get hasEnded(): boolean {
    return this.endedAt !== undefined;
  }

  get wait(): Wait {
    const last = this.rounds.at(-1);
    if (last === undefined) throw new Error('No round has ended yet');
    return nextWait(this.lead.facts, withWaitUpdate(last.round, this.news), last.answers);
  }

  /** The results of earlier posts, by contract. */
  get offered(): LeadInRound['offered'] {
    return Object.fromEntries(
      [...this.claims].flatMap(([contract, { status }]): [string, 'refused' | 'returned' | 'uncertain'][] => {
        if (status === 'refused' || status === 'returned') return [[contract, status]];
        return status === 'cancelled' ? [[contract, 'uncertain']] : [];
      }),
    );
  }

  async runRound(): Promise<RoundResult<PurePost>> {
    const { facts } = this.lead;
    const port: RoundPort = {
      ask: async (round, asked) => (this.isWithdrawn ? 'closed' : this.ask(round, asked)),
      askAgain: async (round, contract) => (this.isWithdrawn ? 'closed' : this.askAgain(round, contract)),
      sell: async (round, offer) => this.sell(round, offer),
    };
    this.current ??= { round: await this.plan(), answers: [] };
    const progress = await advanceRound(facts.leadId, this.current.round, this.current.answers, port);
    const { round, answers } = progress;
    if (progress.status === 'uncertain') {
      this.current = { round, answers };
      const posts = progress.posts.map(({ offer, answer }): PurePost => ({
        ...answer,
        contract: offer.contract,
        buyer: offer.buyer,
        delivery: offer.delivery,
        offer,
      }));
      return { status: 'uncertain', posts };
    }
    this.current = undefined;
    if (!facts.test) this.parties.trade.settleTurns(this.campaign, turnsUsed(round, answers));
    const outcomes = conclude(round, answers);
    this.rounds.push({ round, outcomes, answers });
    for (const notice of noticesOf(round, outcomes, facts.test, this.low))
      this.parties.notifyBuyer(this, notice);
    if (!outcomes.some(({ sold }) => sold)) return { status: 'unsold' };
    this.finish('sold');
    return { status: 'ended' };
  }

  async markPending(wait: Wait): Promise<'pending' | 'withdrawing'> {
    if (this.isWithdrawn) return 'withdrawing';
    this.status = 'pending';
    this.reason = unsoldReason(this.rounds.at(-1)?.outcomes ?? []);
    this.dueAt = wait.at;
    this.answerSource();
    this.notifySeller();
    return 'pending';
  }

  async sleep(wait: Wait): Promise<'in time' | 'woken' | 'another wait'> {
    const isCalled = (): boolean => this.isWoken || this.isWithdrawn;
    const isEarly = await this.parties.clock.sleep(wait.at, () => isCalled() || !isSameWait(this.wait, wait));
    if (isEarly && !isCalled()) return 'another wait';
    this.isWoken = false;
    this.news = { changes: [] };
    return isEarly ? 'woken' : 'in time';
  }

  async end(status: 'expired' | 'withdrawn', reason?: LeadReason): Promise<void> {
    this.reason = reason ?? this.reason;
    this.finish(status);
  }

  notifySeller(): void {
    if (this.status === this.notified) return;
    this.notified = this.status;
    this.parties.notifySeller(this);
  }

  /** A return starts another life. */
  async isReturned(): Promise<boolean> {
    return false;
  }

  async pause(ms: number): Promise<void> {
    await this.parties.clock.sleep(this.now() + ms, () => this.isWithdrawn);
  }

  async sendAgain({ offer }: PurePost): Promise<SaleAnswer | undefined> {
    const secondDue = this.now();
    for (let attempt = 2; ; attempt += 1) {
      const answer = this.post(offer);
      if (answer.answer !== 'uncertain') return this.record(offer, answer);
      if (answer.pending) return { ...answer, postId: '', final: true };
      const elapsed = this.now() - secondDue;
      const wait = waitBeforeAttempt(attempt + 1, elapsed, answer.retryAfterMs, offer.delivery);
      if (wait === undefined) return { ...answer, postId: '' };
      await this.pause(wait);
      if (this.isWithdrawn) return undefined;
    }
  }

  async askBuyer({ offer }: PurePost): Promise<SaleAnswer> {
    const status = this.parties.postStatus(this, offer.buyer);
    if (status === 'accepted') return this.record(offer, { answer: status });
    if (status === 'refused') return this.record(offer, { answer: status, detail: 'by its status address' });
    return { answer: 'uncertain', postId: '', isSilent: status === 'silent' ? true : undefined };
  }

  async decisionOfOps({ buyer }: PurePost): Promise<boolean | undefined> {
    if (this.status !== 'sold' && !this.isWithdrawn) {
      this.status = 'pending';
      this.reason = 'uncertain';
    }
    this.answerSource();
    if (this.status === 'pending') this.notifySeller();
    const { receivedAt } = this.lead.facts;
    const expireAfter = this.current?.round.terms.pending.expireAfter ?? 0;
    await this.parties.clock.sleep(
      receivedAt + Math.max(expireAfter, HELD_MS),
      () => this.decisions.has(buyer) || this.isWithdrawn,
    );
    return this.decisions.get(buyer);
  }

  async settle({ offer }: PurePost, accepted: boolean): Promise<void> {
    this.record(offer, accepted ? { answer: 'accepted' } : { answer: 'refused', detail: 'by ops' });
  }

  async cancel({ contract, buyer }: PurePost, why: string | undefined): Promise<void> {
    const claim = this.claimOf(contract);
    claim.status = 'cancelled';
    this.parties.trade.release(claim.sale);
    this.parties.notifyOfCancellation(this, buyer);
    this.current?.answers.push({ contract, answer: 'uncertain', detail: calledOffDetail(why) });
  }

  private now(): number {
    return this.parties.clock.now();
  }

  private finish(status: 'sold' | 'expired' | 'withdrawn'): void {
    this.status = status;
    this.endedAt = this.now();
    this.answerSource();
  }

  /** Answers the source with the lead's status, unless it was answered before. */
  private answerSource(): void {
    const { status, price, buyers, redirectUrl } = this;
    this.answer ??= { at: this.now(), status, price, buyers: [...buyers], redirectUrl };
  }

  /** A round up to the bids of its first tier. */
  private async plan(): Promise<Round> {
    const { parties, campaign } = this;
    const now = this.now();
    const market = parties.market(campaign);
    const lead = { ...this.lead, offered: this.offered };
    const known = parties.trade.known();
    const open = withinLimits(planRound(market, lead, now), market, lead, { ...known, now });
    const checked = afterChecks(open, market.campaign, (check) => parties.check(this, check));
    const number = (this.rounds.at(-1)?.round.number ?? 0) + 1;
    const { receivedAt } = lead.facts;
    const planned = newRound(market, { number, receivedAt, now }, checked, known.usage);
    return this.ask(planned, nextTier(planned).asked);
  }

  /** Asks candidates; time passes until the last answer that is waited for. */
  private async ask(round: Round, asked: readonly Candidate[]): Promise<Round> {
    const came = asked
      .map((candidate) => this.answerOf(round, candidate))
      .sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
    const known = new Map<string, Entry>();
    for (const entry of came) {
      const out = asked.filter(({ contract }) => !known.has(contract));
      if (entry.ms !== undefined && known.size > 0 && isDecided(round.terms.sale, [...known.values()], out))
        break;
      known.set(entry.contract, entry);
    }
    const took = Math.max(0, ...[...known.values()].map(({ ms = 0 }) => ms));
    if (took > 0) await this.parties.clock.sleep(this.now() + took);
    const answers = asked.map((candidate) => known.get(candidate.contract) ?? missedEntry(candidate));
    return this.inTurn(withAnswers(round, answers), answers);
  }

  private async askAgain(round: Round, contract: string): Promise<Round> {
    const expired = round.entries.find((entry) => entry.contract === contract);
    if (expired === undefined) return round;
    return withNewAnswer(round, expired, unlessExpired(this.pingOne(round, expired, true), this.now()));
  }

  private answerOf(round: Round, candidate: Candidate): Entry {
    const bid = fixedBid(candidate);
    if (bid) return { ...candidate, bid };
    return { ...candidate, ...this.pingOne(round, candidate, candidate.again === 'asked') };
  }

  /** Pings one contract; `again` if it was asked in this round before. */
  private pingOne(round: Round, candidate: Candidate, again: boolean): PingAnswer {
    const { parties } = this;
    const { contract, buyer } = candidate;
    const { facts } = this.lead;
    const now = this.now();
    const ready = parties.market(this.campaign).contracts.find((each) => each.contract.id === contract);
    if (ready?.buyer.ping === undefined)
      return { ms: 0, noBid: { reason: 'paused', detail: 'it has left the market' } };
    if (!parties.trade.mayTry(buyer, 'pings', now)) return { ms: 0, noBid: PROBE_IN_PROGRESS };
    const answerBy = this.answer === undefined ? facts.answerBy : undefined;
    const asked = {
      pingId: pingId(facts.leadId, contract, round.number, again),
      limitMs: pingLimit(ready.buyer.ping.timeoutMs, answerBy, now),
    };
    const said = parties.ping(this, { round, candidate, ...asked });
    const answer = withinCeiling(said, candidate, round.terms.currency);
    parties.trade.noteAnswer(buyer, 'pings', failureOf(answer, now + answer.ms), now);
    return facts.test ? withTestPing(answer, asked) : answer;
  }

  /** If the award is by turns, bidders take theirs now, and the round keeps the order. */
  private inTurn(round: Round, answers: readonly Entry[]): Round {
    const { sale } = round.terms;
    if (!isByTurns(sale)) return round;
    const places = this.lead.facts.test ? 0 : placesOf(sale);
    const order = this.parties.trade.takeTurns(this.campaign, contendersOf(sale, answers), places);
    return { ...round, turns: [...(round.turns ?? []), ...order] };
  }

  /** Sells to one buyer in one attempt: reserve, post, book. */
  private sell(round: Round, offer: Offer): SaleAnswer {
    const { trade } = this.parties;
    const now = this.now();
    if (this.isWithdrawn) return { answer: 'closed', status: 'withdrawn' };
    if (hasExpired(offer.bid, now)) return { answer: 'expired' };
    const { contract, buyer, price, earns, exclusive } = offer;
    if (!trade.mayTry(buyer, 'posts', now))
      return { answer: PROBE_IN_PROGRESS.reason, detail: PROBE_IN_PROGRESS.detail };
    const again = offer.delivery?.again === true;
    const sale = postId(this.lead.facts.leadId, contract, again ? round.number : undefined);
    const refusal = this.reserve(round, offer, sale);
    if (refusal) return exclusionAsAnswer(refusal);
    this.claims.set(contract, {
      ...{ sale, buyer, round: round.number, status: 'posting', price, earns, exclusive, at: now },
    });
    const answer = this.post(offer, { isFirst: true });
    if (answer.answer !== 'uncertain') return this.settleClaim(offer, answer);
    const { test } = this.lead.facts;
    const notice = unusedPost(round, offer, { test, postId: sale, detail: answer.detail });
    if (notice) this.parties.notifyBuyer(this, notice);
    return { ...answer, postId: sale, final: answer.pending };
  }

  private reserve({ terms }: Round, offer: Offer, sale: string): Exclusion | undefined {
    const { facts, match } = this.lead;
    const { contract, buyer: id, price } = offer;
    const market = this.parties.market(this.campaign);
    const buyer = market.contracts.find((ready) => ready.contract.id === contract)?.buyer;
    if (buyer === undefined) return { reason: 'paused', detail: 'it has left the market' };
    const { test } = facts;
    const at = this.now();
    return this.parties.trade.reserve({
      ...reservationNeeds(market, contract, { price, test, award: terms.sale.award, now: at }),
      purchase: { sale, lead: facts.leadId, contract, buyer: id, campaign: this.campaign, at, ...match },
      price,
      currency: terms.currency,
      test,
      buyer,
    });
  }

  private post(offer: Offer, { isFirst = false }: { isFirst?: boolean } = {}): PostAnswer {
    const answer = this.parties.post(this, offer, { isAgain: !isFirst });
    if (answer.answer === 'accepted') this.redirectUrl = answer.redirectUrl ?? this.redirectUrl;
    const failure =
      answer.answer === 'uncertain' && !answer.pending
        ? { reason: answer.answer, detail: answer.detail }
        : undefined;
    if (isFirst || !failure) this.parties.trade.noteAnswer(offer.buyer, 'posts', failure, this.now());
    return answer;
  }

  /** Settles a post of the round in progress. */
  private record(offer: Offer, answer: Exclude<PostAnswer, { answer: 'uncertain' }>): SaleAnswer {
    const { contract, exclusive } = offer;
    const settled = this.settleClaim(offer, answer);
    this.current?.answers.push(
      answer.answer === 'accepted' ? { contract, answer: 'accepted', exclusive } : { contract, ...answer },
    );
    return settled;
  }

  private settleClaim(
    { contract }: Offer,
    answer: Exclude<PostAnswer, { answer: 'uncertain' }>,
  ): Exclude<PostAnswer, { answer: 'uncertain' }> {
    const { trade } = this.parties;
    const claim = this.claimOf(contract);
    if (answer.answer === 'refused') {
      claim.status = 'refused';
      trade.release(claim.sale);
      return answer;
    }
    claim.status = 'accepted';
    claim.at = this.now();
    this.status = 'sold';
    this.price += claim.earns;
    this.buyers.push(claim.buyer);
    if (trade.confirm(claim.sale)) this.low.push(contract);
    this.parties.book(this, claim);
    return answer;
  }

  private claimOf(contract: string): Claim {
    const claim = this.claims.get(contract);
    if (claim === undefined) throw new Error(`There is no post to ${contract}`);
    return claim;
  }
}
