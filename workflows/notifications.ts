import type { CancelRequest } from '../activities/cancelPost.js';
import type { BuyerNotice } from '../activities/tellBuyer.js';
import type { Postback } from '../activities/tellSeller.js';
import type { LeadFacts, LeadStatus } from '../src/market/model/lead.js';
import type { Notice } from '../src/market/wording/notices.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import { cancelPostDurably, tellBuyer, tellSeller } from './steps.js';

/** An undelivered notification: an activity and its input, as plain data. */
export type Notification = {
  summary: string;
  /** End of its retries, UTC ms. */
  until: number;
} & (
  | { send: 'tellSeller'; request: Postback }
  | { send: 'tellBuyer'; request: BuyerNotice }
  | { send: 'cancelPostDurably'; request: CancelRequest }
);

/** Maximum number of concurrent notifications; the server allows 2,000 activities per workflow. */
const MOST_AT_ONCE = 500;
/** Maximum number of waiting ones. Beyond it, buyers are not notified. */
const MOST_WAITING = 1000;

/** Notifications are retried for this long, ms; those of a cancelled post longer. */
const FOR_MS = 26 * 3_600_000;
const CANCELLED_FOR_MS = 72 * 3_600_000;

/** The notifications of one lead that are not delivered yet. Only the workflow's end waits for them. */
export class Notifications {
  private readonly sent = new Set<Notification>();
  private waiting: Notification[] = [];

  /** @param undelivered those of the previous run */
  constructor(
    private readonly facts: LeadFacts,
    undelivered: readonly Notification[] = [],
  ) {
    for (const notification of undelivered) this.add(notification);
  }

  get pending(): Notification[] {
    return [...this.sent, ...this.waiting];
  }

  /** Notifies the seller, at each of its addresses, of the lead's status after a round. */
  notifySeller(status: LeadStatus, round: number, addresses: number): void {
    if (status === 'received') return;
    const { leadId, seller } = this.facts;
    const summary = fitSummary(`tell ${seller} that the lead is ${status}`);
    for (let address = 0; address < addresses; address += 1) {
      const request = { leadId, status, round, address };
      this.add({ send: 'tellSeller', summary, until: Date.now() + FOR_MS, request });
    }
  }

  /** Notifies a buyer of its result in a round. */
  notifyBuyer(round: number, notice: Notice): void {
    const summary = fitSummary(`tell ${notice.buyer}: ${notice.kind}`);
    const request = { leadId: this.facts.leadId, round, notice };
    this.add({ send: 'tellBuyer', summary, until: Date.now() + FOR_MS, request });
  }

  /** Notifies a buyer of a cancelled post whose first notice was not delivered. */
  notifyOfCancellation(buyer: string, request: CancelRequest): void {
    const summary = fitSummary(`tell ${buyer} that the post is called off`);
    this.add({ send: 'cancelPostDurably', summary, until: Date.now() + CANCELLED_FOR_MS, request });
  }

  private add(notification: Notification): void {
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
