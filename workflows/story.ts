import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  currentUpdateInfo,
  defineSignal,
  defineUpdate,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { UpdateDeed } from '../activities/auditUpdate.js';
import type { SaleAnswer } from '../activities/sellLead.js';
import { HELD_MS } from '../src/market/model/delivery.js';
import { conclude, unsoldReason, type OfferAnswer, type Offer } from '../src/market/auction/decide.js';
import type { EndStatus, LeadFacts, LeadStatus, OutcomeAnswer } from '../src/market/model/lead.js';
import { toDecimal, type Minor } from '../src/market/money.js';
import { reasonInWords, type LeadReason } from '../src/market/model/reason.js';
import type { Outcome, Round } from '../src/market/model/round.js';
import type { WithdrawnBy } from '../src/market/model/statusView.js';
import {
  asMarkdown,
  detailsOf,
  endInWords,
  fullUntil,
  HELD_TOO_LONG,
  heldInWords,
  returnsInWords,
  roundInWords,
  waitInWords,
  type Before,
  type FinishedLead,
  type ReturnedSale,
  type RoundInWords,
  type SaleInWords,
  type WaitingLead,
} from '../src/market/wording/story.js';
import { formatUtc } from '../src/market/calendar/isoTime.js';
import {
  mergeWaitUpdates,
  isSameWait,
  nextWait,
  waitingRound,
  withWaitUpdate,
  type WaitUpdate,
  type Wait,
  type WaitingRound,
} from '../src/market/waiting/waiting.js';
import { fitKeywords, fitSummary } from '../src/temporal/sizeLimits.js';
import {
  GIVEN_BACK_SIGNAL,
  HELD_STATUS,
  MARKET_CHANGED_SIGNAL,
  OUTCOME_UPDATE,
  RESOLVE_POST_UPDATE,
  RETRY_NOW_SIGNAL,
  searchAttributes,
  WITHDRAW_UPDATE,
  WITHDRAWN_SIGNAL,
  type PostDecision,
} from '../src/temporal/names.js';
import { isLongRun, type Carried } from './nextRun.js';
import { Notifications } from './notifications.js';
import { notifySeller, type ChangeToTell } from './notify.js';
import { announceAnswer, auditUpdate, holdPost, withdrawLead } from './steps.js';

const outcome = defineUpdate<OutcomeAnswer>(OUTCOME_UPDATE);
const withdraw = defineUpdate<{ status: LeadStatus }>(WITHDRAW_UPDATE);
const withdrawn = defineSignal(WITHDRAWN_SIGNAL);
const resolvePost = defineUpdate<string, [PostDecision]>(RESOLVE_POST_UPDATE);
const givenBack = defineSignal(GIVEN_BACK_SIGNAL);
const retryNow = defineSignal(RETRY_NOW_SIGNAL);
const marketChanged = defineSignal<[news?: WaitUpdate]>(MARKET_CHANGED_SIGNAL);

/** Begins the story of a lead: who may ask and tell what, from the workflow's first moment on. */
export function begin(lead: LeadFacts, carried?: Carried): Story {
  const story = new Story(lead, carried);
  setHandler(outcome, () => story.firstAnswer(), {
    description: 'The answer to the source after the first round',
  });
  setHandler(withdraw, () => story.withdraw(), {
    description: 'Takes the lead off sale; answers how it stands',
  });
  setHandler(withdrawn, () => story.noteWithdrawn(), {
    description: 'The lead has been withdrawn; the exchange sends it',
  });
  setHandler(resolvePost, (decision) => story.resolvePost(decision), {
    description: 'Settles a post that is held for ops: {"buyer": "…", "accepted": true or false}',
    validator: (decision: PostDecision) => story.assertHeld(decision),
  });
  setHandler(givenBack, () => story.giveBack(), {
    description: 'A buyer has given the lead back; the exchange sends it',
  });
  setHandler(retryNow, () => story.wakeUp(), { description: 'Holds the next round now' });
  setHandler(marketChanged, (news) => story.marketChanged(news), {
    description: 'Terms have changed so that the lead might now sell: the next round is held now',
  });
  return story;
}

/** What ops can send a lead that waits, in the words of Temporal's UI. */
const OPS_CAN = [
  `More Actions, Send a Signal, ${RETRY_NOW_SIGNAL}: the next round is held now`,
  `More Actions, Send an Update, ${WITHDRAW_UPDATE}: the lead is permanently taken off sale`,
];

/** The same for a lead whose posts to these buyers wait for them: with the input that each decision takes. */
function opsCanDecide(leadId: string, buyers: readonly string[]): string[] {
  const input = (buyer: string, accepted: boolean): string => JSON.stringify({ buyer, accepted });
  return [
    ...buyers.flatMap((buyer) => [
      `${buyer} took the lead: More Actions, Send an Update, ${RESOLVE_POST_UPDATE} with the input ${input(buyer, true)}, or \`gavel leads resolve ${leadId} --buyer ${buyer} --accepted\`: the sale is booked`,
      `${buyer} did not take it: More Actions, Send an Update, ${RESOLVE_POST_UPDATE} with the input ${input(buyer, false)}, or \`gavel leads resolve ${leadId} --buyer ${buyer} --refused\`: the next bidder is offered the lead`,
    ]),
    `More Actions, Send an Update, ${WITHDRAW_UPDATE}: the post is cancelled and the lead is permanently taken off sale`,
  ];
}

/** The rounds that the result shows in full: the first and the last ones of a long life. */
const TOLD_FIRST = 5;
const TOLD_LAST = 20;

/** The state of a lead's workflow: its history as the workflow needs it and as ops see it. */
export class Story {
  private status: LeadStatus = 'received';
  private endedAt = 0;
  private sales: (SaleInWords & { earns: Minor })[] = [];
  private before: Before | undefined;
  private withdrawnBy: WithdrawnBy | undefined;
  private currency = 'USD';
  private rounds: RoundInWords[] = [];
  private round: Round | undefined;
  private waiting: WaitingRound | undefined;
  private askedAgain = new Set<string>();
  private held = new Map<string, boolean | undefined>();
  /** The posts that are held, by buyer. */
  private heldPosts = new Map<string, string>();
  private told: LeadStatus = 'received';
  private answered = false;
  private announced = false;
  private wake = false;
  private news: WaitUpdate = { changes: [] };
  private givenBack = false;
  private shownWaiting = false;
  /** How the last round ended for every contract. */
  outcomes: Outcome[] = [];
  /** The outcomes of the current round's offers. */
  answers: OfferAnswer[] = [];
  /** Contracts whose sale took a prepaid balance below the buyer's notice limit. */
  low: string[] = [];
  withdrawn = false;
  /** Whether the lead's outcome before this run is not loaded yet. */
  asksBefore = true;
  /** The number of the seller's postback addresses. */
  addresses = 0;
  /** The lead has ended, was withdrawn, or is held by others: no more offers are made in this round. */
  closed = false;
  /** It was so in the last round. */
  heldElsewhere = false;
  unsoldReason: LeadReason = 'no_buyer_eligible';
  /** Undelivered notifications; the workflow stays open for them. */
  readonly notifications = new Notifications();

  constructor(
    private readonly lead: LeadFacts,
    carried?: Carried,
  ) {
    if (carried === undefined) return;
    this.status = 'pending';
    this.answered = true;
    this.announced = true;
    this.waiting = carried.lastRound;
    this.unsoldReason = carried.unsoldReason;
    this.currency = carried.currency;
    this.rounds = carried.rounds;
    this.told = carried.told;
    this.addresses = carried.addresses;
    this.heldElsewhere = carried.heldElsewhere;
    this.news = carried.news;
    this.wake = carried.wake;
    this.withdrawn = carried.withdrawn;
    this.givenBack = carried.givenBack;
    this.before = carried.before;
    this.asksBefore = false;
    for (const notification of carried.notifications) this.notifications.add(notification);
  }

  /** What the next run needs to go on with the wait. */
  carried(): Carried {
    return {
      lastRound: this.lastWaiting,
      unsoldReason: this.unsoldReason,
      currency: this.currency,
      rounds: this.rounds,
      told: this.told,
      addresses: this.addresses,
      heldElsewhere: this.heldElsewhere,
      news: this.news,
      wake: this.wake,
      withdrawn: this.withdrawn,
      givenBack: this.givenBack,
      notifications: this.notifications.pending,
      // Its rounds are among those above.
      before: this.before && { ...this.before, rounds: [] },
    };
  }

  get ended(): boolean {
    return this.endedAt > 0;
  }

  get sold(): boolean {
    return this.sales.length > 0;
  }

  get nextRound(): number {
    return this.roundsHeld + 1;
  }

  /** Stores the lead's outcome before this run, or before a return. */
  takeBefore(before: Before | undefined, nextRound: number): void {
    this.asksBefore = false;
    if (before === undefined) return;
    this.before = before;
    this.currency = before.currency;
    if (this.rounds.length === 0) this.rounds = before.rounds.filter(({ round }) => round < nextRound);
  }

  get lastRound(): Round {
    if (!this.round) throw new Error('No round has been held yet');
    return this.round;
  }

  private get lastWaiting(): WaitingRound {
    if (!this.waiting) throw new Error('No round has been held yet');
    return this.waiting;
  }

  /** When the source is answered, for as long as it waits. */
  get answerBy(): Pick<LeadFacts, 'answerBy'> {
    const { answerBy } = this.lead;
    return answerBy === undefined || this.answered ? {} : { answerBy };
  }

  /** Stores the outcome of one offer of the current round. */
  record(
    { contract, buyer, price, earns, exclusive }: Offer,
    answer: Exclude<SaleAnswer, { answer: 'expired' }>,
  ): void {
    if ('status' in answer) {
      this.closed = true;
    } else if (answer.answer === 'accepted') {
      this.sales.push({ buyer, price, earns });
      if (answer.isLow) this.low.push(contract);
      this.answers.push({ contract, answer: 'accepted', exclusive });
    } else {
      const { answer: reason, detail } = answer;
      const change = 'change' in answer ? answer.change : undefined;
      this.answers.push({ contract, answer: reason, detail, ...(change && { change }) });
    }
  }

  /** A buyer is asked again once a round: its bid expired, or its answer was not waited for. */
  mayAskAgain({ contract }: Pick<Offer, 'contract'>): boolean {
    if (this.askedAgain.has(contract)) return false;
    this.askedAgain.add(contract);
    return true;
  }

  /** The round is over: every contract has its price or its reason. */
  closeRound(round: Round): void {
    const outcomes = conclude(round, this.answers);
    this.round = round;
    this.addresses = round.tell.postbacks;
    this.outcomes = outcomes;
    this.currency = round.terms.currency;
    this.rounds.push(this.knownInWords(round.number) ?? roundInWords(round, outcomes));
    if (this.rounds.length > TOLD_FIRST + TOLD_LAST) this.rounds.splice(TOLD_FIRST, 1);
    this.unsoldReason = unsoldReason(outcomes);
    this.waiting = waitingRound(round, this.answers);
    this.answers = [];
    this.askedAgain = new Set();
    this.heldElsewhere = this.closed;
    this.closed = false;
  }

  /** An earlier run has held this round and later ones: the outcomes of its offers are not available. */
  private knownInWords(number: number): RoundInWords | undefined {
    const { rounds = [], lastRound = 0 } = this.before ?? {};
    return number < lastRound ? rounds.find(({ round }) => round === number) : undefined;
  }

  /** Unsold for now: the source gets `pending`, and ops see the next event. */
  pending(wait: Wait): void {
    this.status = 'pending';
    this.answered = true;
    this.show({
      status: this.status,
      waitsFor: waitInWords(wait, fullUntil(this.outcomes, this.lastWaiting.changes)),
      until: formatUtc(wait.at),
      opsCan: OPS_CAN,
    });
    upsertSearchAttributes([
      { key: searchAttributes.status, value: 'pending' },
      { key: searchAttributes.round, value: this.lastWaiting.number },
    ]);
  }

  /** The lead's next event, by its last round and the market changes since. */
  get wait(): Wait {
    return nextWait(this.lead, withWaitUpdate(this.lastWaiting, this.news), []);
  }

  /** The next events by its last round and the market changes since, if there were any. */
  get newsOfLastRound(): { heard?: WaitUpdate & { round: number } } {
    const { pending, changes } = this.news;
    if (pending === undefined && changes.length === 0) return {};
    const round = withWaitUpdate(this.lastWaiting, this.news);
    return { heard: { round: round.number, pending, changes: round.changes } };
  }

  /**
   * Sleeps until the wait is over; true when the lead was woken before. Ends early, too, when a market change makes it
   * another wait, or when the run has become long.
   */
  async sleep(wait: Wait): Promise<boolean | 'another wait' | 'long run'> {
    const ms = wait.at - Date.now();
    const woken = () => this.wake || this.withdrawn;
    const isOver = () => woken() || isLongRun() || !isSameWait(this.wait, wait);
    const reason = reasonInWords(this.unsoldReason);
    const why = `until ${formatUtc(wait.at)}: waits for ${waitInWords(wait)} · unsold: ${reason} · see Memo`;
    const early = ms > 0 ? await condition(isOver, ms, { summary: fitSummary(why) }) : woken();
    if (isLongRun() && !this.withdrawn) return 'long run';
    if (early && !woken()) return 'another wait';
    this.wake = false;
    this.news = { changes: [] };
    return early;
  }

  /**
   * Holds the lead until ops decide whether the buyer accepted its post. Undefined when the lead
   * has been withdrawn or its time is over before they say.
   */
  async wordOfOps({ buyer, contract }: Offer, postId: string, round: Round): Promise<boolean | undefined> {
    this.held.set(buyer, undefined);
    this.heldPosts.set(buyer, postId);
    this.answered = true;
    const until = this.lead.receivedAt + Math.max(round.terms.pending.expireAfter, HELD_MS);
    // Workflows of an earlier release continue without it.
    const isShown = patched('held-posts-are-shown');
    if (isShown) {
      await holdPost({ leadId: this.lead.leadId, contract, buyer, until });
      upsertSearchAttributes([{ key: searchAttributes.status, value: HELD_STATUS }]);
    }
    if (patched('sellers-hear-of-held-leads')) notifySeller(this.lead, this, this.heldToTell(round));
    await this.announce();
    this.showHeld(until);
    const isOver = () => this.held.get(buyer) !== undefined || this.withdrawn;
    const why = `held for ops: did ${buyer} take the lead? Its post has no clear answer`;
    await condition(isOver, Math.max(1, until - Date.now()), { summary: fitSummary(why) });
    const accepted = this.held.get(buyer);
    this.held.delete(buyer);
    if (isShown && this.held.size > 0) this.showHeld(until);
    else if (isShown) upsertSearchAttributes([{ key: searchAttributes.status, value: 'pending' }]);
    return accepted;
  }

  /** @throws Error if no post to the buyer waits for a decision, or if the other decision was made already */
  assertHeld({ buyer, accepted }: PostDecision): void {
    const decided = this.held.get(buyer);
    if (!this.held.has(buyer)) throw new Error(`No post to ${buyer} is held for ops`);
    if (typeof accepted !== 'boolean') throw new Error('The input needs "accepted": true or false');
    if (decided !== undefined && decided !== accepted)
      throw new Error(`It is decided already that ${buyer} ${decided ? 'took' : 'did not take'} the lead`);
  }

  async resolvePost({ buyer, accepted, by }: PostDecision): Promise<string> {
    this.held.set(buyer, accepted);
    await this.audit('post settled', [{ path: buyer, to: accepted ? 'accepted' : 'refused' }], by);
    return accepted ? `${buyer} took the lead: it is booked` : `${buyer} did not take it: the lead goes on`;
  }

  end(status: EndStatus, withdrawnBy?: WithdrawnBy): void {
    this.status = status;
    this.withdrawnBy = withdrawnBy;
    this.endedAt = Date.now();
    this.answered = true;
    // Notifications of this end are built after it, so they include a return before it.
    this.givenBack = false;
    const buyers = this.standing.map(({ buyer }) => buyer);
    const sale =
      buyers.length > 0 || this.returns.length > 0
        ? [
            { key: searchAttributes.price, value: toDecimal(this.price, this.currency) },
            { key: searchAttributes.buyers, value: buyers.length > 0 ? fitKeywords(buyers) : null },
          ]
        : [];
    upsertSearchAttributes([
      { key: searchAttributes.status, value: status },
      { key: searchAttributes.round, value: this.roundsHeld },
      ...sale,
    ]);
    if (this.shownWaiting) upsertMemo({ lead: { status, story: this.inWords() } });
    setCurrentDetails(asMarkdown(this.inWords()));
  }

  /** The status that the seller is not yet notified of, its round, and the number of the seller's addresses. */
  changeToTell(): ChangeToTell | undefined {
    const { status, waiting, addresses } = this;
    if (status === this.told || status === 'received') return undefined;
    this.told = status;
    return { status, round: waiting?.number ?? 0, addresses };
  }

  /** The same in the middle of a round: a lead with a post that waits for ops is pending for its seller. */
  private heldToTell({ number, tell }: Round): ChangeToTell | undefined {
    if (this.told === 'pending') return undefined;
    this.told = 'pending';
    return { status: 'pending', round: number, addresses: tell.postbacks };
  }

  /**
   * Waits until every update has its answer and every notification has been delivered or given up; or, true, until a
   * buyer has given the lead back: then its life goes on, also while notifications of the previous sale are undelivered.
   */
  async goesOn(): Promise<boolean> {
    const isFinished = () => this.notifications.pending.length === 0 && allHandlersFinished();
    await condition(() => isFinished() || this.givenBack);
    if (!this.givenBack) return false;
    this.endedAt = 0;
    this.asksBefore = true;
    this.sales = [];
    this.low = [];
    this.told = 'received';
    return true;
  }

  async firstAnswer(): Promise<OutcomeAnswer> {
    await condition(() => this.answered);
    return this.outcome;
  }

  /** Answers the source, once. */
  async announce(): Promise<void> {
    const { leadId, answerTo } = this.lead;
    if (answerTo === undefined || this.announced) return;
    this.announced = true;
    await announceAnswer({ leadId, answerTo, outcome: this.outcome });
  }

  private get outcome(): OutcomeAnswer {
    if (!this.sold) return { status: this.status === 'received' ? 'pending' : this.status };
    return {
      status: 'sold',
      price: this.price,
      currency: this.currency,
      buyerIds: this.sales.map(({ buyer }) => buyer),
    };
  }

  /** Withdrawn by the sender of the update: stored first, as in every other way. */
  async withdraw(): Promise<{ status: LeadStatus }> {
    const audited = this.audit('withdrawal asked for');
    await withdrawLead({ leadId: this.lead.leadId });
    this.noteWithdrawn();
    await Promise.all([audited, condition(() => this.ended)]);
    return { status: this.status };
  }

  /** Notes in the audit what the update that is being handled does. */
  private async audit(
    did: string,
    values: UpdateDeed['values'] = [],
    by?: PostDecision['by'],
  ): Promise<void> {
    const { id: updateId = '' } = currentUpdateInfo() ?? {};
    const { leadId } = this.lead;
    const deed = { leadId, updateId, at: Date.now(), did, values, by };
    await auditUpdate.executeWithOptions({ summary: fitSummary(`note in the audit: ${did}`) }, [deed]);
  }

  noteWithdrawn(): void {
    this.withdrawn = true;
  }

  /** Waits this long; ends at once, with true, if the lead is withdrawn. */
  isWithdrawnWithin(ms: number, summary: string): Promise<boolean> {
    return condition(() => this.withdrawn, ms, { summary });
  }

  /**
   * The result of an activity; undefined if the lead is withdrawn before the activity's next attempt. An attempt under
   * way is not cut off: its answer counts.
   */
  async unlessWithdrawn<T>(activity: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const result = scope.run(activity);
    const isOver = result.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([isOver, condition(() => this.withdrawn)]);
    if (this.withdrawn) scope.cancel();
    try {
      return await result;
    } catch (error) {
      if (this.withdrawn && error instanceof ActivityFailure) return undefined;
      throw error;
    }
  }

  wakeUp(): void {
    this.wake = true;
  }

  /** It might sell now; or, with news, it goes by them while it sleeps. */
  marketChanged(news?: WaitUpdate): void {
    if (news?.changes === undefined) this.wakeUp();
    else this.news = mergeWaitUpdates(this.news, news);
  }

  giveBack(): void {
    this.givenBack = true;
  }

  result(): FinishedLead {
    return {
      status: this.status,
      story: this.inWords(),
      rounds: this.rounds,
      received: new Date(this.lead.receivedAt).toISOString(),
      ended: new Date(this.endedAt).toISOString(),
    };
  }

  /** Shows ops that posts of the lead wait for their decision. */
  private showHeld(until: number): void {
    const buyers = [...this.held].flatMap(([buyer, decided]) => (decided === undefined ? [buyer] : []));
    this.show({
      status: HELD_STATUS,
      waitsFor: heldInWords(buyers.map((buyer) => ({ buyer, postId: this.heldPosts.get(buyer) ?? '' }))),
      until: formatUtc(until),
      otherwise: HELD_TOO_LONG,
      opsCan: opsCanDecide(this.lead.leadId, buyers),
    });
  }

  /** Shows ops what a lead that is still on sale waits for. */
  private show(waits: Omit<WaitingLead, 'lastRound'>): void {
    this.shownWaiting = true;
    const { returns } = this;
    const waiting: WaitingLead = {
      ...waits,
      story: returns.length > 0 ? `${returnsInWords(returns, this.currency)} On sale again.` : undefined,
      lastRound: this.rounds.at(-1),
    };
    upsertMemo({ lead: waiting });
    setCurrentDetails(detailsOf(waiting));
  }

  /** The sales that stand: the sales of this life, or what a return before it has left. */
  private get standing(): readonly (SaleInWords & { earns: Minor })[] {
    return this.sold ? this.sales : (this.before?.sales ?? []);
  }

  private get returns(): readonly ReturnedSale[] {
    return this.before?.returns ?? [];
  }

  /** What the seller keeps of sales that were given back. */
  private get kept(): Minor {
    return this.returns.reduce((sum, { earns, amount }) => sum + earns - amount, 0);
  }

  /** What the seller earns. */
  private get price(): Minor {
    return this.standing.reduce((sum, { earns }) => sum + earns, this.kept);
  }

  private get roundsHeld(): number {
    return this.waiting?.number ?? this.lead.roundsBefore ?? 0;
  }

  private inWords(): string {
    const { status, standing, returns, kept, withdrawnBy, currency, unsoldReason: reason } = this;
    return endInWords({
      status,
      sales: standing,
      isSoldBefore: !this.sold,
      returns,
      kept,
      withdrawnBy,
      currency,
      reason,
      rounds: this.roundsHeld,
      took: this.endedAt - this.lead.receivedAt,
    });
  }
}
