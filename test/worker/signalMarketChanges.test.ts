import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import { openCpuShare } from '../../src/worker/cpuShare.js';
import {
  NOTIFIED_PER_SECOND,
  NOTIFIED_PER_SECOND_BUSY,
  pauseBetween,
  signalNextMarketChange,
} from '../../src/worker/signalMarketChanges.js';

async function msOf(wait: Promise<void>): Promise<number> {
  const began = performance.now();
  await wait;
  return performance.now() - began;
}

test('Waiting leads are woken quickly while the machine has CPU time to spare', async () => {
  expect(await msOf(pauseBetween(() => 0.5))).toBeGreaterThan(1000 / NOTIFIED_PER_SECOND - 2);
  let looks = 0;
  await pauseBetween(() => ((looks += 1), 0.5));
  expect(looks).toBe(1);
});

test('Waiting leads are woken slowly while it is busy, until it is not', async () => {
  expect(await msOf(pauseBetween(() => 0.9))).toBeGreaterThan(1000 / NOTIFIED_PER_SECOND_BUSY - 2);
  let looks = 0;
  await pauseBetween(() => ((looks += 1) < 3 ? 0.9 : 0.1));
  expect(looks).toBe(3);
});

test('A worker that stops notifies no further lead', async () => {
  const client = new Client({ connection: Connection.lazy() });
  const isDone = vi.fn(() => Promise.resolve());
  const next = () => Promise.resolve({ leads: [{ leadId: 'one', news: 'now' as const }], done: isDone });
  expect(await signalNextMarketChange(client, { next }, () => 0, AbortSignal.abort())).toBe(0);
  expect(isDone).not.toHaveBeenCalled();
});

/** The share by these samples, one after another. */
const shareOver = (samples: { at: number; busy: number; all: number; mainThread: number }[]) =>
  openCpuShare(() => samples.shift() ?? { at: 0, busy: 0, all: 0, mainThread: 0 });

test('The share of CPU time is that of the last half second', () => {
  const samples = [
    { at: 0, busy: 0, all: 0 },
    { at: 100, busy: 200, all: 200 },
    { at: 500, busy: 200, all: 1000 },
    { at: 700, busy: 200, all: 1400 },
    { at: 701, busy: 200, all: 1400 },
  ].map((one) => ({ ...one, mainThread: 0 }));
  const share = shareOver(samples);
  expect(Array.from({ length: 4 }, share)).toEqual([1, 0.2, 0, 0]);
});

test('The time before a pause does not count', () => {
  const samples = [
    { at: 0, busy: 0, all: 0 },
    { at: 60_000, busy: 12_000, all: 120_000 },
    { at: 60_100, busy: 12_200, all: 120_200 },
  ].map((one) => ({ ...one, mainThread: 0 }));
  const share = shareOver(samples);
  expect(Array.from({ length: 2 }, share)).toEqual([0, 1]);
});

test('A container at its CPU limit is busy, though its machine is not', () => {
  const samples = [
    { at: 0, busy: 0, all: 0, mainThread: 50 },
    { at: 100, busy: 200, all: 6400, mainThread: 130 },
  ];
  const share = shareOver(samples);
  expect(share()).toBe(0.8);
});

test('A busy core and a busy main thread are seen', async () => {
  const share = openCpuShare();
  await sleep(0);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await sleep(0);
  expect(share()).toBeGreaterThan(0.6);
  expect(share()).toBeLessThanOrEqual(1);
});
