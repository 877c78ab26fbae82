import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { timeSlices } from '../../../src/operations/simulate/timeSlices.js';

async function busyFor(ms: number) {
  const pause = timeSlices();
  for (const until = performance.now() + ms; performance.now() < until;) await pause();
  return 'done';
}

test('long work yields to other work before it is done', async () => {
  let isDone = false;
  const work = busyFor(200).finally(() => (isDone = true));
  await setTimeout(1);
  expect(isDone).toBe(false);
  expect(await work).toBe('done');
});
