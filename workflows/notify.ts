import type { CancelRequest } from '../activities/cancelPost.js';
import type { BuyerNotice } from '../activities/tellBuyer.js';
import type { Postback } from '../activities/tellSeller.js';
import type { LeadFacts } from '../src/market/lead.js';
import type { Offer } from '../src/market/decide.js';
import { noticesOf, unusedPost } from '../src/market/notices.js';
import type { Round } from '../src/market/round.js';
import { summary } from '../src/temporal/bounds.js';
import { cancelPostDurably, tellBuyer, tellSeller } from './steps.js';
import type { Story } from './story.js';

/*
 * Who is notified of what became of the lead. Only the workflow's end waits for it: the lead goes on meanwhile.
 */

/** A notification that is yet to get through: an activity and what it is run with, as plain data. */
export type Notification = {
  summary: string;
  /** Until when it is sent again, UTC ms. */
  until: number;
} & (
  | { send: 'tellSeller'; request: Postback }
  | { send: 'tellBuyer'; request: BuyerNotice }
  | { send: 'cancelPostDurably'; request: CancelRequest }
);

/** What sellers and buyers are told of the lead is sent again for so long, ms; that a post was called off for longer. */
const FOR_MS = 26 * 3_600_000;
const CALLED_OFF_FOR_MS = 72 * 3_600_000;

/** How many are sent at the same time: the server takes 2,000 activities of a workflow. */
const MOST_AT_ONCE = 500;
/** How many more wait for their turn; buyers are notified of nothing beyond that. */
const MOST_WAITING = 1000;

/** The notifications of one lead that are yet to get through. */
export class Notifications {
  private readonly sent = new Set<Notification>();
  private waiting: Notification[] = [];

  get pending(): Notification[] {
    return [...this.sent, ...this.waiting];
  }

  add(notification: Notification): void {
    if (this.sent.size < MOST_AT_ONCE) this.send(notification);
    else if (this.waiting.length < MOST_WAITING || notification.send !== 'tellBuyer')
      this.waiting.push(notification);
  }

  private send(notification: Notification): void {
    this.sent.add(notification);
    const over = (): void => {
      this.sent.delete(notification);
      const [next, ...others] = this.waiting;
      this.waiting = others;
      if (next !== undefined) this.send(next);
    };
    void run(notification).then(over, over);
  }
}

function run({ summary, until, ...notification }: Notification): Promise<unknown> {
  const options = { summary, scheduleToCloseTimeout: Math.max(1, until - Date.now()) };
  switch (notification.send) {
    case 'tellSeller':
      return tellSeller.executeWithOptions(options, [notification.request]);
    case 'tellBuyer':
      return tellBuyer.executeWithOptions(options, [notification.request]);
    case 'cancelPostDurably':
      return cancelPostDurably.executeWithOptions(options, [notification.request]);
  }
}

/** Notifies the seller, at each of its addresses, if the lead's status is another than the one that it knows. */
export function notifySeller(
  { leadId, seller }: LeadFacts,
  story: Story,
  change = story.changeToTell(),
): void {
  if (change === undefined) return;
  const { status, round, addresses } = change;
  for (let address = 0; address < addresses; address += 1) {
    story.notifications.add({
      send: 'tellSeller',
      summary: summary(`tell ${seller} that the lead is ${status}`),
      until: Date.now() + FOR_MS,
      request: { leadId, status, round, address },
    });
  }
}

/** Notifies the buyers that want to know who won and who lost in the round that has just ended. */
export function notifyBuyers({ leadId, test }: LeadFacts, story: Story): void {
  const round = story.lastRound;
  for (const notice of noticesOf(round, story.outcomes, test, story.low))
    notifyBuyer(story, { leadId, round: round.number, notice });
}

/** Notifies a buyer of a test lead that its answer to the first try of a post could not be used, if it wants to know. */
export function notifyUnusedPost(
  { leadId, test }: LeadFacts,
  round: Round,
  answer: { offer: Offer; postId: string; detail?: string },
  story: Story,
): void {
  const notice = unusedPost(round, answer.offer, { test, ...answer });
  if (notice) notifyBuyer(story, { leadId, round: round.number, notice });
}

function notifyBuyer(story: Story, request: BuyerNotice): void {
  const { buyer, kind } = request.notice;
  story.notifications.add({
    send: 'tellBuyer',
    summary: summary(`tell ${buyer}: ${kind}`),
    until: Date.now() + FOR_MS,
    request,
  });
}

/** Notifies a buyer that its post was called off, which it could not be told at once. */
export function notifyCalledOff(story: Story, buyer: string, request: CancelRequest): void {
  story.notifications.add({
    send: 'cancelPostDurably',
    summary: summary(`tell ${buyer} that the post is called off`),
    until: Date.now() + CALLED_OFF_FOR_MS,
    request,
  });
}
