import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const { erasePersons } = proxyActivities<Activities>({
  startToCloseTimeout: '5 min',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/** As many as keep the history short; what is left waits for the schedule's next time. */
const BATCHES = 200;

/** Erases the persons of leads that ended longer ago than the retention, in batches; a schedule begins it. */
export async function retention({ retentionMs }: { retentionMs: number }): Promise<{ erased: number }> {
  const before = Date.now() - retentionMs;
  let erased = 0;
  let after: number | undefined = 0;
  for (let batch = 0; batch < BATCHES && after !== undefined; batch++) {
    const done: { erased: number; next?: number } = await erasePersons({ before, after });
    erased += done.erased;
    after = done.next;
  }
  return { erased };
}
