import type { CancelRequest } from '../activities/cancelPost.js';
import type { BuyerNotice } from '../activities/tellBuyer.js';
import type { Postback } from '../activities/tellSeller.js';
import type { LeadFacts } from '../src/market/model/lead.js';
import type { Offer } from '../src/market/auction/decide.js';
import { noticesOf, unusedPost } from '../src/market/wording/notices.js';
import type { Outcome, Round } from '../src/market/model/round.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import type { Notifications } from './notifications.js';

/*
 * Notifications of sellers and buyers about the lead. Only the workflow's end waits for them.
 */

/** Sellers and buyers are notified of the lead for this long, ms; of a cancelled post longer. */
const FOR_MS = 26 * 3_600_000;
const CALLED_OFF_FOR_MS = 72 * 3_600_000;

/** The status that the seller is not yet notified of, and the number of its addresses. */
export type ChangeToTell = Pick<Postback, 'status' | 'round'> & { addresses: number };

/** What notifications need of a lead's story. */
export interface NotifyingStory {
  notifications: Notifications;
  lastRound: Round;
  outcomes: Outcome[];
  low: string[];
  changeToTell(): ChangeToTell | undefined;
}

/** Notifies the seller, at each of its addresses, if the lead's status is another than the one that it knows. */
export function notifySeller(
  { leadId, seller }: LeadFacts,
  story: NotifyingStory,
  change = story.changeToTell(),
): void {
  if (change === undefined) return;
  const { status, round, addresses } = change;
  for (let address = 0; address < addresses; address += 1) {
    story.notifications.add({
      send: 'tellSeller',
      summary: fitSummary(`tell ${seller} that the lead is ${status}`),
      until: Date.now() + FOR_MS,
      request: { leadId, status, round, address },
    });
  }
}

/** Notifies the buyers that want to know who won and who lost in the round that has just ended. */
export function notifyBuyers({ leadId, test }: LeadFacts, story: NotifyingStory): void {
  const round = story.lastRound;
  for (const notice of noticesOf(round, story.outcomes, test, story.low))
    notifyBuyer(story, { leadId, round: round.number, notice });
}

/** Notifies a buyer of a test lead that its answer to the first try of a post could not be used, if it wants to know. */
export function notifyUnusedPost(
  { leadId, test }: LeadFacts,
  round: Round,
  answer: { offer: Offer; postId: string; detail?: string },
  story: NotifyingStory,
): void {
  const notice = unusedPost(round, answer.offer, { test, ...answer });
  if (notice) notifyBuyer(story, { leadId, round: round.number, notice });
}

function notifyBuyer(story: NotifyingStory, request: BuyerNotice): void {
  const { buyer, kind } = request.notice;
  story.notifications.add({
    send: 'tellBuyer',
    summary: fitSummary(`tell ${buyer}: ${kind}`),
    until: Date.now() + FOR_MS,
    request,
  });
}

/** Notifies a buyer of a cancelled post whose first notice was not delivered. */
export function notifyCalledOff(story: NotifyingStory, buyer: string, request: CancelRequest): void {
  story.notifications.add({
    send: 'cancelPostDurably',
    summary: fitSummary(`tell ${buyer} that the post is called off`),
    until: Date.now() + CALLED_OFF_FOR_MS,
    request,
  });
}
