import type { CancelRequest } from '../activities/cancelPost.js';
import type { BuyerNotice } from '../activities/tellBuyer.js';
import type { Postback } from '../activities/tellSeller.js';
import { cancelPostDurably, tellBuyer, tellSeller } from './steps.js';

/** A notification that is yet to get through: an activity and what it is run with, as plain data. */
export type Notification = {
  summary: string;
  /** End of its retries, UTC ms. */
  until: number;
} & (
  | { send: 'tellSeller'; request: Postback }
  | { send: 'tellBuyer'; request: BuyerNotice }
  | { send: 'cancelPostDurably'; request: CancelRequest }
);

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
