import { decide } from '../src/market/decide.js';
import type { LeadFacts } from '../src/market/lead.js';
import type { Round } from '../src/market/round.js';
import type { FinishedLead } from '../src/market/story.js';
import { nextWait } from '../src/market/waiting.js';
import { sell } from './sell.js';
import { endLead, markPending, runRound } from './steps.js';
import { begin, type Story } from './story.js';

/** The life of a lead, from its first round to its end. */
export async function distributeLead(lead: LeadFacts): Promise<FinishedLead> {
  const story = begin(lead);
  while (!story.ended) {
    const round = await runRound({ leadId: lead.leadId, number: story.nextRound, now: Date.now() });
    if ('ended' in round) {
      story.end(round.ended);
      break;
    }
    await offer(lead, round, story);
    story.closeRound(round);
    if (story.sold) story.end('sold');
    else await waitForAnotherRound(lead, round, story);
  }
  await story.finished();
  return story.result();
}

/** Offers the lead in the order that was decided, until enough buyers hold it. */
async function offer(lead: LeadFacts, round: Round, story: Story): Promise<void> {
  for (const offered of decide(lead.leadId, round)) {
    if (story.salesInRound >= round.terms.maxBuyers || story.withdrawn) break;
    story.record(offered, await sell(lead, round, offered, story));
  }
}

/** Unsold: sleeps until something can change, or ends the lead where nothing can any more. */
async function waitForAnotherRound(lead: LeadFacts, round: Round, story: Story): Promise<void> {
  const { leadId } = lead;
  const wait = nextWait(lead, round);
  const standing = await markPending({ leadId, until: wait.at, reason: story.unsoldReason });
  if (standing === 'sold') return;
  story.pending(wait);
  const woken = await story.sleep(wait);
  const ending = story.withdrawn ? 'withdrawn' : wait.until === 'expiry' && !woken ? 'expired' : undefined;
  if (ending === undefined) return;
  const ended = await endLead({ leadId, status: ending });
  if (ended === 'expired' || ended === 'withdrawn') story.end(ended);
}
