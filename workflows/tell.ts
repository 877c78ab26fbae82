import type { LeadFacts } from '../src/market/lead.js';
import { noticesOf } from '../src/market/notices.js';
import { tellBuyer, tellSeller } from './steps.js';
import type { Story } from './story.js';

/*
 * Who is told what has become of the lead. Nobody waits for it but the workflow's end: the lead goes on meanwhile.
 */

/** Tells the seller, at each of its addresses, where the lead's status is another than the one told last. */
export function tellTheSeller({ leadId, seller }: LeadFacts, story: Story): void {
  const change = story.changeToTell();
  if (change === undefined) return;
  const { status, round, addresses } = change;
  const summary = `tell ${seller} that the lead is ${status}`;
  for (let address = 0; address < addresses; address += 1) {
    story.awaitNotice(tellSeller.executeWithOptions({ summary }, [{ leadId, status, round, address }]));
  }
}

/** Tells the buyers that want to know who won and who lost in the round that has just ended. */
export function tellTheBuyers({ leadId, test }: LeadFacts, story: Story): void {
  const round = story.lastRound;
  for (const notice of noticesOf(round, story.outcomes, test, story.low)) {
    const summary = `tell ${notice.buyer}: ${notice.kind}`;
    story.awaitNotice(tellBuyer.executeWithOptions({ summary }, [{ leadId, round: round.number, notice }]));
  }
}
