import {
  Client,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Settings, TemporalSettings } from '../config.js';
import { openConnection } from '../temporal/connection.js';
import { DIGEST_WORKFLOW, RETENTION_WORKFLOW } from '../temporal/names.js';

type ScheduleSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE' | 'RETENTION_DAYS'>;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The ids of the schedules; ops find them in Temporal's UI under Schedules. */
export const retentionScheduleId = (taskQueue: string): string => `retention-${taskQueue}`;
export const digestScheduleId = (taskQueue: string): string => `digest-${taskQueue}`;

/** Makes the schedule of the retention, or changes it, as the setting says. */
export async function scheduleRetention(settings: ScheduleSettings): Promise<void> {
  const { TASK_QUEUE: taskQueue, RETENTION_DAYS } = settings;
  await ensureSchedule(settings, {
    scheduleId: retentionScheduleId(taskQueue),
    spec: { intervals: [{ every: '1 h' }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
    action: {
      type: 'startWorkflow',
      workflowType: RETENTION_WORKFLOW,
      workflowId: retentionScheduleId(taskQueue),
      taskQueue,
      args: [RETENTION_DAYS ? { retentionMs: RETENTION_DAYS * DAY_MS } : {}],
    },
  });
}

/** Makes the schedule of the daily digest: at ten past midnight (UTC), when every worker has written its counts. */
export async function scheduleDigest(settings: Omit<ScheduleSettings, 'RETENTION_DAYS'>): Promise<void> {
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

/** Makes a schedule, or changes it to what is given; a schedule that ops have paused stays paused. */
async function ensureSchedule(settings: TemporalSettings, options: ScheduleOptions): Promise<void> {
  const connection = openConnection(settings);
  try {
    const { schedule } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    const handle = schedule.getHandle(options.scheduleId);
    const isNew = await schedule.create(options).then(() => true, ignoreAlreadyRunning);
    if (isNew !== true) await handle.update(({ state }) => ({ ...options, state }));
  } finally {
    await connection.close();
  }
}

function ignoreAlreadyRunning(error: unknown): void {
  if (!(error instanceof ScheduleAlreadyRunning)) throw error;
}
