import { sleep } from '@temporalio/workflow';
import type { Ended } from '../activities/endLead.js';
import { expiredBid, withEntry } from '../src/market/auction/asking.js';
import { nextStep, type Offer } from '../src/market/auction/decide.js';
import { isEnd, type LeadFacts } from '../src/market/model/lead.js';
import type { Round } from '../src/market/model/round.js';
import type { FinishedLead } from '../src/market/wording/story.js';
import { turnsUsed } from '../src/market/auction/turnsUsed.js';
import { continueInNextRun, type Carried } from './nextRun.js';
import { notifyBuyers, notifySeller } from './notify.js';
import { callOffForgotten, sell } from './sell.js';
import { askAgain, askMissed, askTier, endLead, markPending, runRound, settleTurns } from './steps.js';
import { begin, type Story } from './story.js';

/**
 * The life of a lead, from its first round to its end.
 * @param carried what the run before has handed over; absent in the first
 */
export async function distributeLead(lead: LeadFacts, carried?: Carried): Promise<FinishedLead> {
  const story = begin(lead, carried);
  if (carried !== undefined) await waitForAnotherRound(lead, story);
  do await live(lead, story);
  while (await story.goesOn());
  return story.result();
}

/** Up to its end, or to its next end where a buyer has given it back. */
async function live(lead: LeadFacts, story: Story): Promise<void> {
  while (!story.ended) {
    const { leadId } = lead;
    if (story.heldElsewhere) await callOffForgotten(leadId, story);
    const number = story.nextRound;
    const round = await runRound({
      leadId,
      number,
      now: Date.now(),
      ...story.answerBy,
      asksBefore: story.asksBefore,
    });
    story.takeBefore(round.before, number);
    if ('ended' in round) {
      story.addresses = round.addresses;
      if (round.ended === 'withdrawing') await endUnsold(leadId, 'withdrawn', story);
      else story.end(round.ended, round.withdrawnBy);
      break;
    }
    story.closeRound(await auction(lead, round, story));
    if (story.sold) await story.announce();
    notifyBuyers(lead, story);
    if (story.sold) story.end('sold');
    else await waitForAnotherRound(lead, story);
  }
  await story.announce();
  notifySeller(lead, story);
}

/** Offers the lead, asks the next tier, offers again, until enough buyers hold it or nobody is left. */
async function auction(lead: LeadFacts, round: Round, story: Story): Promise<Round> {
  const over = await offerInTurn(lead, round, story);
  const changes = lead.test ? {} : turnsUsed(over, story.answers);
  if (Object.keys(changes).length > 0)
    await settleTurns({ leadId: lead.leadId, round: over.number, campaign: over.campaign, changes });
  return over;
}

async function offerInTurn(lead: LeadFacts, round: Round, story: Story): Promise<Round> {
  let now = round;
  // Whether the lead was withdrawn, each step finds in the database: a task that is repeated offers again what it offered
  // before, finds how that ended, and goes no further.
  while (!story.closed) {
    const step = nextStep(lead.leadId, now, story.answers);
    if (step === 'over') break;
    const then =
      'offers' in step
        ? await offerAll(lead, now, step.offers, story)
        : await askMore(lead, now, step, story);
    if (then === 'withdrawn') story.closed = true;
    else now = then;
  }
  return now;
}

/** Asks the next tier, or those again that the round did not wait for. */
function askMore(
  { leadId }: LeadFacts,
  { number, version }: Round,
  step: { ask: number } | { askAgain: string[] },
  story: Story,
): Promise<Round | 'withdrawn'> {
  if ('ask' in step) return askTier({ leadId, number, tier: step.ask, ...story.answerBy });
  for (const contract of step.askAgain) story.mayAskAgain({ contract });
  return askMissed({ leadId, number, version, ...story.answerBy });
}

/** Offers the lead to each of these bidders at once; those whose bids have expired are asked for new ones. */
async function offerAll(lead: LeadFacts, round: Round, offers: Offer[], story: Story): Promise<Round> {
  let now = round;
  const answers = await Promise.all(offers.map((offer) => sell(lead, round, offer, story)));
  for (const [i, answer] of answers.entries()) {
    const offer = offers[i];
    if (offer === undefined) continue;
    if (answer.answer !== 'expired') story.record(offer, answer);
    else if (story.mayAskAgain(offer)) {
      const { number, version } = now;
      const { contract } = offer;
      const asked = await askAgain({ leadId: lead.leadId, number, version, contract, ...story.answerBy });
      if (asked === 'withdrawn') story.closed = true;
      else now = withEntry(now, asked);
    } else {
      const { reason, detail } = expiredBid(offer.bid);
      story.record(offer, { answer: reason, detail });
    }
  }
  return now;
}

/** Unsold: sleeps until something can change, or ends the lead if nothing can change. */
async function waitForAnotherRound(lead: LeadFacts, story: Story): Promise<void> {
  const { leadId } = lead;
  const { wait } = story;
  const standing = await markPending({
    leadId,
    until: wait.at,
    reason: story.unsoldReason,
    ...story.newsOfLastRound,
  });
  if (standing === 'withdrawing') return endUnsold(leadId, 'withdrawn', story);
  // Sold by another run of this workflow, or ended: the next round finds it so.
  if (standing !== undefined && standing !== 'pending') return;
  story.pending(wait);
  await story.announce();
  notifySeller(lead, story);
  const woken = await story.sleep(wait);
  if (woken === 'long run') await continueInNextRun(lead, () => story.carried());
  if (woken === 'long run' || woken === 'another wait') return waitForAnotherRound(lead, story);
  if (story.withdrawn) return endUnsold(leadId, 'withdrawn', story);
  if (wait.until === 'last round') {
    story.unsoldReason = 'too_many_rounds';
    await endUnsold(leadId, 'expired', story);
  } else if (wait.until === 'expiry' && !woken) await endUnsold(leadId, 'expired', story);
}

/** Ends the lead, once no buyer holds it: a post that another run of this workflow has started is settled first. */
async function endUnsold(leadId: string, status: 'expired' | 'withdrawn', story: Story): Promise<void> {
  for (;;) {
    const reason = story.unsoldReason === 'too_many_rounds' ? story.unsoldReason : undefined;
    const ended: Ended | Ended['state'] = await endLead({ leadId, status, reason });
    // Histories of earlier releases have the state alone.
    const { state, withdrawnBy } = typeof ended === 'object' ? ended : { state: ended };
    if (isEnd(state)) {
      story.end(state, withdrawnBy);
      return;
    }
    await callOffForgotten(leadId, story);
    await sleep('10 s', { summary: 'a post is under way: the lead ends when that is settled' });
  }
}
