import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurns } from '../../../src/operations/simulate/inTurns.js';

function* busyFor(ms: number) {
  for (const until = performance.now() + ms; performance.now() < until;) yield;
  return 'done';
}

test('long work yields to other work before it is done', async () => {
  let isDone = false;
  const work = inTurns(busyFor(200)).finally(() => (isDone = true));
  await setTimeout(1);
  expect(isDone).toBe(false);
  expect(await work).toBe('done');
});
