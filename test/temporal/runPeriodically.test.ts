import { expect, it } from 'vitest';
import { createLog } from '../../src/log.js';
import { runPeriodically } from '../../src/temporal/runPeriodically.js';

const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
const hourly = { everyMs: 3_600_000, repeatUntilIdle: true, failed: { event: 'failed' } };

it('stops at once during a pause', async () => {
  let steps = 0;
  const repeated = runPeriodically(
    () => Promise.resolve(steps++),
    { ...hourly, repeatUntilIdle: false },
    log,
  );
  await expect.poll(() => steps).toBe(1);
  await repeated.stop();
  expect(steps).toBe(1);
});

it('stops after the step in progress, without the next pause', async () => {
  const step = (signal: AbortSignal) =>
    new Promise<number>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  await runPeriodically(step, hourly, log).stop();
});
