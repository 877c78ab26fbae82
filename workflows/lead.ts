import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { UncertainPost } from '../activities/roundReport.js';
import { live, type LifePort, type RoundResult } from '../src/market/life/life.js';
import type { SaleAnswer } from '../src/market/life/round.js';
import type { LeadFacts } from '../src/market/model/lead.js';
import type { LeadReason } from '../src/market/model/reason.js';
import type { Wait } from '../src/market/waiting/waiting.js';
import type { FinishedLead } from '../src/market/wording/story.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import { LeadOnSale } from './leadOnSale.js';
import { continueInNextRun, type Carried } from './nextRun.js';
import {
  cancelPost,
  deliverPost,
  endLead,
  forgottenPosts,
  markPending,
  runRound,
  settlePost,
} from './steps.js';

/**
 * The workflow of a lead: its life (`src/market/life/life.ts`), whose steps are activities.
 * @param carried the state of the previous run; absent in the first
 */
export async function distributeLead(facts: LeadFacts, carried?: Carried): Promise<FinishedLead> {
  const lead = new LeadOnSale(facts, carried);
  await live(new LifeOnTemporal(lead), { isWaiting: carried !== undefined });
  return lead.result;
}

/**
 * Most of a life happens in one activity: `runRound` asks buyers, sends posts and books sales. A post without a clear
 * answer is delivered by activities that ops can watch. Between rounds the workflow sleeps.
 */
class LifeOnTemporal implements LifePort<UncertainPost> {
  private waitsFor = '';

  constructor(private readonly lead: LeadOnSale) {}

  get hasEnded(): boolean {
    return this.lead.hasEnded;
  }

  get isWithdrawn(): boolean {
    return this.lead.isWithdrawn;
  }

  get wait(): Wait {
    return this.lead.wait;
  }

  async runRound(): Promise<RoundResult<UncertainPost>> {
    const { lead } = this;
    if (lead.isClaimedElsewhere) await this.cancelOrphanedPosts();
    const { source, id: leadId, lastRound: after } = lead;
    const report = await runRound({ ...source, leadId, after, now: Date.now() });
    lead.hasReport(report);
    const { status } = report;
    if (status === 'uncertain' || status === 'interrupted' || status === 'withdrawing') return report;
    if (status === 'unsold') {
      lead.isUnsold(report);
      return report;
    }
    lead.end(report);
    return { status: 'ended' };
  }

  async markPending(wait: Wait): Promise<'pending' | 'withdrawing' | 'elsewhere'> {
    const { source, unsold, id: leadId } = this.lead;
    const pending = await markPending({ ...source, ...unsold, leadId, wait });
    const { state } = pending;
    if (state !== 'pending') return state === 'withdrawing' ? state : 'elsewhere';
    this.waitsFor = pending.waitsFor;
    this.lead.waits(wait, pending);
    return state;
  }

  async sleep(wait: Wait): Promise<'in time' | 'woken' | 'another wait'> {
    const woken = await this.lead.sleep(wait, this.waitsFor);
    if (woken !== 'long run') return woken;
    await continueInNextRun(this.lead);
    return 'another wait';
  }

  /** Ends the lead, once no post of another run is in progress. */
  async end(status: 'expired' | 'withdrawn', reason?: LeadReason): Promise<void> {
    const { lead } = this;
    while (!lead.hasEnded) {
      const ended = await endLead({ ...lead.source, leadId: lead.id, status, reason });
      if (ended.status !== 'posting') lead.end(ended);
      else {
        await this.cancelOrphanedPosts();
        await sleep('10 s', { summary: 'a post is in progress: the lead ends when it is settled' });
      }
    }
  }

  notifySeller(): void {
    this.lead.notifySeller();
  }

  isReturned(): Promise<boolean> {
    return this.lead.isReturned();
  }

  pause(ms: number, why: string): Promise<void> {
    return this.lead.pause(ms, why);
  }

  sendAgain({ buyer, price, round, contract }: UncertainPost): Promise<SaleAnswer | undefined> {
    const summary = fitSummary(`post to ${buyer} at ${price}`);
    const request = { leadId: this.lead.id, round, contract };
    return this.lead.unlessWithdrawn(() => deliverPost.executeWithOptions({ summary }, [request]));
  }

  askBuyer({ buyer, contract }: UncertainPost): Promise<SaleAnswer> {
    const summary = fitSummary(`ask ${buyer} for the result of the post`);
    return settlePost.executeWithOptions({ summary }, [{ leadId: this.lead.id, contract }]);
  }

  decisionOfOps(post: UncertainPost): Promise<boolean | undefined> {
    return this.lead.decisionOfOps(post);
  }

  async settle({ buyer, contract }: UncertainPost, accepted: boolean): Promise<void> {
    const summary = fitSummary(`settle the post to ${buyer} by the decision of ops`);
    await settlePost.executeWithOptions({ summary }, [{ leadId: this.lead.id, contract, accepted }]);
  }

  /** The lead goes on after one attempt to notify the buyer. An undelivered notice is retried for days. */
  async cancel(
    { contract, buyer, postId }: Pick<UncertainPost, 'contract' | 'buyer' | 'postId'>,
    why?: string,
  ): Promise<void> {
    const request = { leadId: this.lead.id, contract, postId, why };
    const summary = fitSummary(`tell ${buyer} that the post is called off`);
    try {
      await cancelPost.executeWithOptions({ summary }, [request]);
    } catch (error) {
      if (!isUndelivered(error)) throw error;
      this.lead.notifications.notifyOfCancellation(buyer, request);
    }
  }

  /** Cancels posts of another run of this workflow whose worker died. This run has no post in progress. */
  private async cancelOrphanedPosts(): Promise<void> {
    for (const post of await forgottenPosts({ leadId: this.lead.id })) await this.cancel(post);
  }
}

const isUndelivered = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'NoticeUndelivered';
