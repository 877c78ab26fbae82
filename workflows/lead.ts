import { sleep } from '@temporalio/workflow';
import type { RoundReport } from '../activities/roundReport.js';
import type { NoRound } from '../activities/runRound.js';
import type { LeadFacts } from '../src/market/model/lead.js';
import type { LeadReason } from '../src/market/model/reason.js';
import { isLastWait } from '../src/market/waiting/waiting.js';
import type { FinishedLead } from '../src/market/wording/story.js';
import { LeadOnSale } from './leadOnSale.js';
import { continueInNextRun, type Carried } from './nextRun.js';
import { cancelOrphanedPosts, deliver } from './deliver.js';
import { endLead, markPending, runRound } from './steps.js';

/**
 * The life of a lead. It is offered in rounds until it is sold, withdrawn or too old. A returned lead goes on. Everything
 * that touches the world is an activity, and most of a life happens in one: `runRound` asks buyers, sends posts and books
 * sales. Here is what takes time.
 * @param carried the state of the previous run; absent in the first
 */
export async function distributeLead(facts: LeadFacts, carried?: Carried): Promise<FinishedLead> {
  const lead = new LeadOnSale(facts, carried);
  if (carried !== undefined) await waitForNextRound(lead);
  do {
    while (!lead.hasEnded) await offer(lead);
    lead.notifySeller();
  } while (await lead.isReturned());
  return lead.result;
}

/** Offers the lead in one round. If it stays unsold, it waits for the next. */
async function offer(lead: LeadOnSale): Promise<void> {
  if (lead.isHeldElsewhere) await cancelOrphanedPosts(lead);
  const round = await holdRound(lead);
  if (round.status === 'withdrawing') await end(lead, 'withdrawn');
  else if (round.status === 'unsold') {
    lead.isUnsold(round);
    await waitForNextRound(lead);
  } else lead.end(round);
}

/** Runs a round to its end. A post without a clear answer is delivered patiently, and then the round continues. */
async function holdRound(
  lead: LeadOnSale,
): Promise<Exclude<RoundReport | NoRound, { status: 'uncertain' | 'interrupted' }>> {
  for (;;) {
    const report = await runRound({
      ...lead.source,
      leadId: lead.id,
      after: lead.lastRound,
      now: Date.now(),
    });
    lead.hasReport(report);
    if (report.status === 'uncertain')
      await Promise.all(report.posts.map((post) => deliver(lead, report.round, post)));
    else if (report.status !== 'interrupted') return report;
  }
}

/** Sleeps until something can change, or ends the lead if nothing can. */
async function waitForNextRound(lead: LeadOnSale): Promise<void> {
  for (;;) {
    const { wait } = lead;
    const pending = await markPending({ ...lead.source, ...lead.unsold, leadId: lead.id, wait });
    if (pending.state === 'withdrawing') return end(lead, 'withdrawn');
    // Sold or ended by another run of this workflow: the next round finds it.
    if (pending.state !== 'pending') return;
    lead.waits(wait, pending);
    const woken = await lead.sleep(wait, pending.waitsFor);
    if (woken === 'long run') await continueInNextRun(lead);
    if (lead.isWithdrawn) return end(lead, 'withdrawn');
    if (woken === 'long run' || woken === 'another wait') continue;
    if (wait.until === 'last round') return end(lead, 'expired', 'too_many_rounds');
    if (isLastWait(wait) && woken === 'in time') return end(lead, 'expired');
    return;
  }
}

/** Ends the unsold lead, once no post of another run is in progress. */
async function end(lead: LeadOnSale, status: 'expired' | 'withdrawn', reason?: LeadReason): Promise<void> {
  while (!lead.hasEnded) {
    const ended = await endLead({ ...lead.source, leadId: lead.id, status, reason });
    if (ended.status !== 'posting') lead.end(ended);
    else {
      await cancelOrphanedPosts(lead);
      await sleep('10 s', { summary: 'a post is in progress: the lead ends when it is settled' });
    }
  }
}
