import { defineSearchAttributeKey } from '@temporalio/common';
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';

const { dueDigests } = proxyActivities<Activities>({
  startToCloseTimeout: '1 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** Sent again like other notices, for a day. */
const { sendDigest } = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  scheduleToCloseTimeout: '26 h',
  retry: { initialInterval: '10 s', backoffCoefficient: 2, maximumInterval: '1 h' },
});

/** When the schedule meant this run to start: a run that an outage has delayed still has its own day. */
const scheduledAt = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

const DAY_MS = 86_400_000;

/** Sends buyers what was wrong with their answers on the day before (UTC); a schedule starts it shortly after midnight. */
export async function digest(): Promise<{ day: string; buyers: number; undelivered: string[] }> {
  const start = workflowInfo().typedSearchAttributes.get(scheduledAt)?.getTime() ?? Date.now();
  const day = new Date(start - DAY_MS).toISOString().slice(0, 10);
  const undelivered: string[] = [];
  let buyers = 0;
  let after: string | undefined;
  do {
    const batch = await dueDigests({ day, after });
    buyers += batch.buyers.length;
    await Promise.all(
      batch.buyers.map(async (buyer) => {
        const options = { summary: fitSummary(`tell ${buyer}: digest of ${day}`) };
        await sendDigest.executeWithOptions(options, [{ buyer, day }]).catch(() => undelivered.push(buyer));
      }),
    );
    after = batch.next;
  } while (after !== undefined);
  return { day, buyers, undelivered };
}
