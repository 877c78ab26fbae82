import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CostsReport } from './costsReport.js';
import { packageRoot } from '../../src/packageRoot.js';

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `npm run bench -- ARGS` without npm. */
async function bench(...args: string[]): Promise<Ran> {
  const bootstrap = join(packageRoot, 'scripts', 'bootstrap.mjs');
  const child = spawn(process.execPath, [bootstrap, 'bench', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}

// Takes a minute of both cores, too long for the whole test run.
describe.runIf(process.env.MEASURE === 'yes')('The bench with very few leads', () => {
  let ran: Ran;
  let report: CostsReport;
  beforeAll(async () => {
    ran = await bench('--quick', '--concurrency', '1', '--shapes', 'usual,limits', '--json');
    expect(ran.code, ran.stderr).toBe(0);
    report = JSON.parse(ran.stdout) as CostsReport;
  }, 240_000);

  test('measures three ways and another shape, relative to the floor of the same repetition', () => {
    expect(report.measured.map(({ way, shape }) => `${way} ${shape}`)).toEqual([
      'floor usual',
      'lead usual',
      'plain usual',
      'lead limits',
    ]);
    for (const one of report.measured) {
      expect(one).toMatchObject({ unsold: 0, failed: 0 });
      expect(one.per_second.median).toBeGreaterThan(0);
      expect(one.p50_ms.median).toBeLessThanOrEqual(one.p99_ms.median);
      if (one.way === 'floor') expect(one.to_floor.p50_ms).toEqual({ median: 1, least: 1, most: 1 });
    }
  });

  test('shows the CPU time of each group of processes for a lead', () => {
    const lead = report.measured.find(({ way }) => way === 'lead');
    for (const group of ['Gavel', 'database', 'Temporal'])
      expect(lead?.cpu_ms[group]?.median, group).toBeGreaterThan(0);
  });

  test('a lead sold in its first round takes one workflow task, and one round trip to Redis', () => {
    const met = Object.fromEntries(report.aims.map((aim) => [aim.aim, aim.met]));
    expect(met).toMatchObject({ 'workflow tasks of a lead': true, 'Redis round trips of a lead': true });
    expect(report.counted.usual?.mongodb.commands).toMatchObject({ 'insert leads': 1, commitTransaction: 1 });
  });

  test('the plain way takes a workflow task after each activity', () => {
    const plain = report.measured.find(({ way }) => way === 'plain');
    expect(plain?.workflow_tasks.least).toBeGreaterThanOrEqual(5);
    expect(plain?.events.least).toBeGreaterThan(40);
  });

  test('shows progress on stderr, and prints only the figures', () => {
    expect(ran.stderr).toContain('measuring 1 of 4: floor, usual, 1 at a time');
    expect(ran.stdout.trimStart()).toMatch(/^\{/);
  });
});

test.concurrent.each([
  [['--concurrency', '1,many'], 'It must be a whole number, 1 or more.'],
  [['--shapes', 'usual,unusual'], 'It must be of usual, one contract'],
  [['--overload', '--burst'], 'cannot be used with'],
])('%j is rejected before any server starts', async (args, message) => {
  const { code, stdout, stderr } = await bench(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});
