import {
  Client,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Settings, TemporalSettings } from '../config.js';
import { openConnection } from '../temporal/connection.js';
import { RETENTION_WORKFLOW } from '../temporal/names.js';

type RetentionSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE' | 'RETENTION_DAYS'>;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The schedule's id; ops find it in Temporal's UI under Schedules. */
export const retentionScheduleId = (taskQueue: string): string => `retention-${taskQueue}`;

/** Makes the schedule of the retention, or changes it, as the setting says. */
export async function scheduleRetention(settings: RetentionSettings): Promise<void> {
  await ensureSchedule(settings, scheduleOptions(settings));
}

/** Makes a schedule, or changes it to what is given; a schedule that ops have paused stays paused. */
export async function ensureSchedule(settings: TemporalSettings, options: ScheduleOptions): Promise<void> {
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

function scheduleOptions({ TASK_QUEUE: taskQueue, RETENTION_DAYS }: RetentionSettings) {
  return {
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
  } satisfies ScheduleOptions;
}

function ignoreAlreadyRunning(error: unknown): void {
  if (!(error instanceof ScheduleAlreadyRunning)) throw error;
}
