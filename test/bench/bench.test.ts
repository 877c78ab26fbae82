import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from './report.js';
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
  let report: Report;
  beforeAll(async () => {
    ran = await bench('--quick', '--leads', '3', '--concurrency', '2', '--json');
    expect(ran.code, ran.stderr).toBe(0);
    report = JSON.parse(ran.stdout) as Report;
  }, 240_000);

  test('measures three ways, each relative to the floor of the same repetition', () => {
    expect(report.measured.map(({ way, concurrency, leads }) => [way, concurrency, leads])).toEqual([
      ['floor', 2, 6],
      ['lead', 2, 6],
      ['plain', 2, 6],
    ]);
    for (const one of report.measured) {
      expect(one.unsold).toBe(0);
      expect(one.per_second.median).toBeGreaterThan(0);
      expect(one.p50_ms.median).toBeLessThanOrEqual(one.p99_ms.median);
      expect(one.to_floor.p50_ms.median).toBeGreaterThan(0);
      if (one.way === 'floor') expect(one.to_floor.p50_ms).toEqual({ median: 1, least: 1, most: 1 });
    }
  });

  test('shows the CPU time of each process for a lead', () => {
    const lead = report.measured.find(({ way, concurrency }) => way === 'lead' && concurrency === 2);
    expect(Object.keys(lead?.cpu_ms ?? {}).sort()).toEqual(
      ['api', 'bench-worker', 'buyers', 'client', 'mongodb', 'redis', 'temporal', 'worker'].sort(),
    );
    for (const part of ['api', 'worker', 'mongodb', 'temporal']) {
      expect(lead?.cpu_ms[part], part).toBeGreaterThan(0);
    }
  });

  test('a lead sold in its first round takes one workflow task and stays within its limits', () => {
    const met = Object.fromEntries(report.aims.map((aim) => [aim.aim, aim.met]));
    expect(met).toMatchObject({
      'workflow tasks of a lead': true,
      'history events of a lead': true,
      'Redis round trips of a lead of its own': true,
    });
    // Shared work, such as reading the market, depends on the rate of leads.
    const { commands } = report.counted.mongodb;
    expect(commands).toMatchObject({
      'insert leads': 1,
      'update leads': 2,
      // The booking, and then the updates that other sales may wait for.
      bulkWrite: 2,
      commitTransaction: 1,
    });
    expect(report.counted.redis).toMatchObject({ per_lead: 1, after_pause: 1 });
  });

  test('the plain way takes a workflow task after each activity', () => {
    for (const one of report.measured.filter(({ way }) => way === 'plain')) {
      expect(one.workflow_tasks.least).toBeGreaterThanOrEqual(5);
      expect(one.events.least).toBeGreaterThan(40);
    }
  });

  test('shows progress on stderr, and prints only the figures', () => {
    expect(ran.stderr).toContain('measuring 1 of 3: floor, 2 at a time');
    expect(ran.stdout.trimStart()).toMatch(/^\{/);
  });
});

test('An invalid number is rejected before any server starts', async () => {
  const { code, stdout, stderr } = await bench('--concurrency', '1,many');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('It must be a whole number, 1 or more.');
});
