import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const { erasePersons } = proxyActivities<Activities>({
  startToCloseTimeout: '5 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** As many as keep the history short; what is left waits for the schedule's next time. */
const BATCHES = 200;

/**
 * Erases, in batches, the persons of leads that ended longer ago than their campaign keeps them; a schedule begins it.
 * @param retentionMs of campaigns that say nothing themselves; absent: their persons stay
 */
export async function retention({ retentionMs }: { retentionMs?: number }): Promise<{ erased: number }> {
  const now = Date.now();
  let { erased, next } = await erasePersons({ now, retentionMs });
  for (let batch = 1; batch < BATCHES && next !== undefined; batch++) {
    const done = await erasePersons({ now, retentionMs, from: next });
    erased += done.erased;
    next = done.next;
  }
  return { erased };
}
