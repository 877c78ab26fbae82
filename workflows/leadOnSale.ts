import {
  allHandlersFinished,
  CancellationScope,
  ActivityFailure,
  condition,
  currentUpdateInfo,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import type { UpdateDeed } from '../activities/auditUpdate.js';
import type { End } from '../activities/endOf.js';
import type { MarkedPending } from '../activities/markPending.js';
import type { RoundReport, UncertainPost } from '../activities/roundReport.js';
import type { NoRound } from '../activities/runRound.js';
import { formatUtc } from '../src/market/calendar/isoTime.js';
import type { LeadFacts, LeadStatus } from '../src/market/model/lead.js';
import { reasonInWords, type LeadReason } from '../src/market/model/reason.js';
import {
  isSameWait,
  mergeWaitUpdates,
  nextWait,
  withWaitUpdate,
  type Wait,
  type WaitingRound,
  type WaitUpdate,
} from '../src/market/waiting/waiting.js';
import type { FinishedLead } from '../src/market/wording/story.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import {
  GIVEN_BACK_SIGNAL,
  MARKET_CHANGED_SIGNAL,
  RESOLVE_POST_UPDATE,
  RETRY_NOW_SIGNAL,
  WITHDRAW_UPDATE,
  WITHDRAWN_SIGNAL,
  type PostDecision,
} from '../src/temporal/names.js';
import { isLongRun, type Carried } from './nextRun.js';
import { Notifications } from './notifications.js';
import { showEnd, showHeld, showHeldSettled, showWaiting } from './show.js';
import { auditUpdate, holdPost, withdrawLead } from './steps.js';

const withdraw = defineUpdate<{ status: LeadStatus }>(WITHDRAW_UPDATE);
const withdrawn = defineSignal(WITHDRAWN_SIGNAL);
const resolvePost = defineUpdate<string, [PostDecision]>(RESOLVE_POST_UPDATE);
const returned = defineSignal(GIVEN_BACK_SIGNAL);
const retryNow = defineSignal(RETRY_NOW_SIGNAL);
const marketChanged = defineSignal<[news?: WaitUpdate]>(MARKET_CHANGED_SIGNAL);

/** A post that waits for the decision of ops. */
interface HeldPost {
  buyer: string;
  postId: string;
  accepted?: boolean;
}

/**
 * What the workflow of a lead knows, and what ops and buyers tell it. The lead's rounds, sales and returns are in the
 * database, which tells its story.
 */
export class LeadOnSale {
  readonly notifications: Notifications;
  private waiting: WaitingRound | undefined;
  private reason: LeadReason = 'no_buyer_eligible';
  private ended: End | undefined;
  /** The number of the last round whose end is known. */
  private round: number | undefined;
  /** The number of the seller's postback addresses. */
  private addresses = 0;
  /** The status that the seller is notified of. */
  private notified: LeadStatus = 'received';
  /** Whether the source is answered, or no longer waits. */
  private isAnswered = false;
  private isWoken = false;
  private isGivenBack = false;
  private isShownWaiting = false;
  /**
   * Whether the run is long. Read only with an event of the history: a rejected update leaves none, and a replay would not
   * read it then.
   */
  private isRunLong = false;
  private news: WaitUpdate = { changes: [] };
  private held: HeldPost[] = [];
  isWithdrawn = false;
  /** In the last round, others had claimed the lead: another run of this workflow may have left a post. */
  isClaimedElsewhere = false;

  constructor(
    private readonly facts: LeadFacts,
    carried?: Carried,
  ) {
    this.notifications = new Notifications(facts, carried?.notifications);
    this.round = carried?.lastRound.number ?? facts.roundsBefore;
    if (carried !== undefined) this.takeOver(carried);
    this.listen();
  }

  get id(): string {
    return this.facts.leadId;
  }

  get lastRound(): number | undefined {
    return this.round;
  }

  get hasEnded(): boolean {
    return this.ended !== undefined;
  }

  get result(): FinishedLead {
    if (this.ended === undefined) throw new Error('The lead has not ended');
    return this.ended.lead;
  }

  /** The source that waits for the outcome; empty once it is answered. */
  get source(): Pick<LeadFacts, 'answerBy' | 'answerTo'> {
    const { answerBy, answerTo } = this.facts;
    return this.isAnswered ? {} : { answerBy, answerTo };
  }

  /** A round, as far as it has come. */
  hasReport(report: RoundReport | NoRound): void {
    this.addresses = report.addresses;
    if (!('notices' in report)) return;
    for (const notice of report.notices) this.notifications.notifyBuyer(report.round, notice);
  }

  isUnsold({ waiting, reason, round, isClaimedElsewhere }: RoundReport & { status: 'unsold' }): void {
    this.waiting = waiting;
    this.reason = reason;
    this.round = round;
    this.isClaimedElsewhere = isClaimedElsewhere === true;
  }

  /** Why the lead is unsold, and the events since its last round that change its wait. */
  get unsold(): { reason: LeadReason; heard?: WaitUpdate & { round: number } } {
    const { reason, news } = this;
    if (news.pending === undefined && news.changes.length === 0) return { reason };
    const { number, changes } = withWaitUpdate(this.lastWaiting, news);
    return { reason, heard: { round: number, pending: news.pending, changes } };
  }

  /** The lead's next event, by its last round and the market changes since. */
  get wait(): Wait {
    return nextWait(this.facts, withWaitUpdate(this.lastWaiting, this.news), []);
  }

  private get lastWaiting(): WaitingRound {
    if (this.waiting === undefined) throw new Error('No round has ended yet');
    return this.waiting;
  }

  /** Shows ops what the lead waits for, and notifies its seller. */
  waits(wait: Wait, pending: MarkedPending): void {
    this.isAnswered = true;
    this.isShownWaiting = true;
    showWaiting({ wait, round: this.round ?? 0, ...pending });
    this.notifySeller('pending');
  }

  /**
   * Sleeps until the wait is over (`in time`) or the lead is woken. Ends early if market changes make it another wait, or
   * if the run has become long.
   */
  async sleep(wait: Wait, waitsFor: string): Promise<'in time' | 'woken' | 'another wait' | 'long run'> {
    const ms = wait.at - Date.now();
    const isCalled = (): boolean => this.isWoken || this.isWithdrawn;
    this.isRunLong = isLongRun();
    const isOver = (): boolean => isCalled() || this.isRunLong || !isSameWait(this.wait, wait);
    const why = `until ${formatUtc(wait.at)}: waits for ${waitsFor} · unsold: ${reasonInWords(this.reason)} · see Memo`;
    const isEarly = ms > 0 ? await condition(isOver, ms, { summary: fitSummary(why) }) : isCalled();
    if (this.isRunLong && !this.isWithdrawn) return 'long run';
    if (isEarly && !isCalled()) return 'another wait';
    this.isWoken = false;
    this.news = { changes: [] };
    return isEarly ? 'woken' : 'in time';
  }

  end(ended: End): void {
    this.ended = ended;
    this.round = ended.round;
    this.addresses = ended.addresses;
    this.isAnswered = true;
    this.isClaimedElsewhere = false;
    // Notifications of this end are built after it, so they include a return before it.
    this.isGivenBack = false;
    showEnd(ended, { hadMemo: this.isShownWaiting });
  }

  /** Notifies the seller of the lead's status, unless it is notified of it already. */
  notifySeller(status: LeadStatus | undefined = this.ended?.status): void {
    if (status === undefined || status === this.notified) return;
    this.notified = status;
    this.notifications.notifySeller(status, this.round ?? 0, this.addresses);
  }

  /**
   * Waits until every update has its answer and every notification is delivered or given up. True if a buyer returns the
   * lead before that: then its life continues.
   */
  async isReturned(): Promise<boolean> {
    const isFinished = (): boolean => this.notifications.pending.length === 0 && allHandlersFinished();
    const isOver = (): boolean => isFinished() || this.isGivenBack;
    if (!isOver()) await condition(isOver);
    if (!this.isGivenBack) return false;
    this.ended = undefined;
    this.notified = 'received';
    return true;
  }

  /**
   * Holds a post until ops decide whether its buyer took the lead. Undefined if the lead is withdrawn or the time is over
   * before.
   */
  async decisionOfOps({
    buyer,
    contract,
    postId,
    round,
    holdUntil: until,
  }: UncertainPost): Promise<boolean | undefined> {
    const post: HeldPost = { buyer, postId };
    this.held.push(post);
    const past = await holdPost({ leadId: this.id, contract, buyer, until, answerTo: this.source.answerTo });
    this.isAnswered = true;
    this.isShownWaiting = true;
    const show = (): void => showHeld({ leadId: this.id, posts: this.undecided, until, ...past });
    show();
    if (this.notified !== 'pending') {
      this.notified = 'pending';
      this.notifications.notifySeller('pending', round, this.addresses);
    }
    const why = `held for ops: did ${buyer} take the lead? Its post has no clear answer`;
    const isOver = (): boolean => post.accepted !== undefined || this.isWithdrawn;
    await condition(isOver, Math.max(1, until - Date.now()), { summary: fitSummary(why) });
    this.held = this.held.filter((one) => one !== post);
    if (this.held.length > 0) show();
    else showHeldSettled();
    return post.accepted;
  }

  private get undecided(): HeldPost[] {
    return this.held.filter(({ accepted }) => accepted === undefined);
  }

  /** Waits this long, or until the lead is withdrawn. */
  async pause(ms: number, why: string): Promise<void> {
    await condition(() => this.isWithdrawn, ms, { summary: fitSummary(why) });
  }

  /**
   * The result of an activity; undefined if the lead is withdrawn before the activity's next attempt. An attempt in
   * progress is not interrupted: its answer counts.
   */
  async unlessWithdrawn<T>(activity: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const result = scope.run(activity);
    const isOver = result.then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([isOver, condition(() => this.isWithdrawn)]);
    if (this.isWithdrawn) scope.cancel();
    try {
      return await result;
    } catch (error) {
      if (this.isWithdrawn && error instanceof ActivityFailure) return undefined;
      throw error;
    }
  }

  /** The state for the next run, which goes on with the wait. */
  carried(): Carried {
    return {
      lastRound: this.lastWaiting,
      reason: this.reason,
      notified: this.notified,
      addresses: this.addresses,
      isClaimedElsewhere: this.isClaimedElsewhere,
      news: this.news,
      isWoken: this.isWoken,
      isWithdrawn: this.isWithdrawn,
      isGivenBack: this.isGivenBack,
      notifications: this.notifications.pending,
    };
  }

  /** The facts for the next run: no source waits for it. */
  get factsOfNextRun(): LeadFacts {
    const { answerBy: _answered, answerTo: _announced, ...facts } = this.facts;
    return facts;
  }

  private takeOver(carried: Carried): void {
    this.waiting = carried.lastRound;
    this.reason = carried.reason;
    this.notified = carried.notified;
    this.addresses = carried.addresses;
    this.isClaimedElsewhere = carried.isClaimedElsewhere;
    this.news = carried.news;
    this.isWoken = carried.isWoken;
    this.isWithdrawn = carried.isWithdrawn;
    this.isGivenBack = carried.isGivenBack;
    this.isAnswered = true;
  }

  private listen(): void {
    setHandler(withdraw, () => this.withdraw(), {
      description: 'Takes the lead off sale; answers its final status',
    });
    setHandler(withdrawn, () => void (this.isWithdrawn = true), {
      description: 'The lead was withdrawn; sent by the exchange',
    });
    setHandler(resolvePost, (decision) => this.resolvePost(decision), {
      description: 'Settles a post that is held for ops: {"buyer": "…", "accepted": true or false}',
      validator: (decision: PostDecision) => this.assertHeld(decision),
    });
    setHandler(returned, () => void (this.isGivenBack = true), {
      description: 'A buyer has returned the lead; sent by the exchange',
    });
    setHandler(retryNow, () => void (this.isWoken = true), { description: 'Runs the next round now' });
    setHandler(marketChanged, (news) => this.marketChanged(news), {
      description: 'Terms have changed so that the lead might now sell: the next round is run now',
    });
  }

  /** The lead might sell now; or, with news, its wait is computed again. */
  private marketChanged(news?: WaitUpdate): void {
    this.isRunLong = isLongRun();
    if (news?.changes === undefined) this.isWoken = true;
    else this.news = mergeWaitUpdates(this.news, news);
  }

  /** @throws Error if no post to the buyer is held, or if the opposite was decided already */
  private assertHeld({ buyer, accepted }: PostDecision): void {
    const post = this.held.find((one) => one.buyer === buyer);
    if (post === undefined) throw new Error(`No post to ${buyer} is held for ops`);
    if (typeof accepted !== 'boolean') throw new Error('The input needs "accepted": true or false');
    if (post.accepted !== undefined && post.accepted !== accepted)
      throw new Error(
        `It is decided already that ${buyer} ${post.accepted ? 'took' : 'did not take'} the lead`,
      );
  }

  private async resolvePost({ buyer, accepted, by }: PostDecision): Promise<string> {
    const post = this.held.find((one) => one.buyer === buyer);
    if (post) post.accepted = accepted;
    await this.audit('post settled', [{ path: buyer, to: accepted ? 'accepted' : 'refused' }], by);
    return accepted ? `${buyer} took the lead: it is booked` : `${buyer} did not take it: the lead goes on`;
  }

  /** Stores the withdrawal first, as every other way to withdraw does. */
  private async withdraw(): Promise<{ status: LeadStatus }> {
    const audited = this.audit('withdrawal asked for');
    await withdrawLead({ leadId: this.id });
    this.isWithdrawn = true;
    await Promise.all([audited, condition(() => this.hasEnded)]);
    return { status: this.result.status };
  }

  /** Records the current update in the audit. */
  private async audit(
    did: string,
    values: UpdateDeed['values'] = [],
    by?: PostDecision['by'],
  ): Promise<void> {
    const { id: updateId = '' } = currentUpdateInfo() ?? {};
    const deed = { leadId: this.id, updateId, at: Date.now(), did, values, by };
    await auditUpdate.executeWithOptions({ summary: fitSummary(`note in the audit: ${did}`) }, [deed]);
  }
}
