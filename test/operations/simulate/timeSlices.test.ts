import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runInTimeSlices } from '../../../src/operations/simulate/timeSlices.js';

function* busyFor(ms: number) {
  for (const until = performance.now() + ms; performance.now() < until;) yield;
  return 'done';
}

test('long work yields to other work before it is done', async () => {
  let isDone = false;
  const work = runInTimeSlices(busyFor(200)).finally(() => (isDone = true));
  await setTimeout(1);
  expect(isDone).toBe(false);
  expect(await work).toBe('done');
});
