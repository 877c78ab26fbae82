import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

/**
 * The steps of a lead's life and how each is run (docs/decisions/local-activities.md).
 *
 * Local: run inside the workflow task, without a trip through the server. Each leaves its intent in the database first
 * and finds it again, so that a repeat after a crash changes nothing. They fail only if the database is unavailable, and
 * are repeated until it is back.
 */
export const { runRound, markPending, withdrawLead, endLead, forgottenPosts, holdPost } =
  proxyLocalActivities<Activities>({
    startToCloseTimeout: '45 s',
    retry: { initialInterval: '200 ms', backoffCoefficient: 2, maximumInterval: '5 s' },
  });

/** Normal: the server holds them, retries them and shows ops each attempt and when the next one is due. */
export const { deliverPost, settlePost } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** Notes in the audit what somebody has sent the workflow past Gavel's own API. */
export const { auditUpdate } = proxyActivities<Activities>({
  startToCloseTimeout: '30 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

const cancelling = {
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '1 s', maximumInterval: '1 min' },
};

/** Calls a post off and tells the buyer once; a buyer that can't hear it fails the activity. */
export const cancelPost = proxyActivities<Activities>({
  ...cancelling,
  retry: { ...cancelling.retry, nonRetryableErrorTypes: ['NoticeUndelivered'] },
}).cancelPost;

/** The same notice while the lead moves on, for as long as the caller says. */
export const cancelPostDurably = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '1 h' },
}).cancelPost;

/** What sellers and buyers are notified of: sent again ten seconds later at first and every hour in the end, as long as the caller says. */
export const { tellSeller, tellBuyer } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '1 h' },
});
