import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Settings, TemporalSettings } from '../config.js';
import { DIGEST_WORKFLOW } from '../temporal/names.js';
import { ensureSchedule } from './retentionSchedule.js';

/** The schedule's id; ops find it in Temporal's UI under Schedules. */
export const digestScheduleId = (taskQueue: string): string => `digest-${taskQueue}`;

/** Makes the schedule of the daily digest: at ten past midnight (UTC), when every worker has written its counts. */
export async function scheduleDigest(
  settings: TemporalSettings & Pick<Settings, 'TASK_QUEUE'>,
): Promise<void> {
  const { TASK_QUEUE: taskQueue } = settings;
  await ensureSchedule(settings, {
    scheduleId: digestScheduleId(taskQueue),
    spec: { calendars: [{ hour: 0, minute: 10 }] },
    // A buyer that is away keeps its day's run open for a day; the counts are kept for eight.
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '6 days' },
    action: {
      type: 'startWorkflow',
      workflowType: DIGEST_WORKFLOW,
      workflowId: digestScheduleId(taskQueue),
      taskQueue,
      args: [],
    },
  });
}
