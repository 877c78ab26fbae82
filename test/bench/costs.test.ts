import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { casesOf, type Measurement } from './costs.js';
import { costsCharts, costsReport, costsSections } from './costsReport.js';
import { load, loadFor } from './load.js';
import { SHAPE_NAMES } from './market.js';
import type { WayName } from './ways.js';

describe('Load', () => {
  test('of a number of pieces keeps as many under way as it should', async () => {
    let [now, most, done] = [0, 0, 0];
    const { pieces } = await load(10, 3, async () => {
      most = Math.max(most, ++now);
      await sleep(1);
      now -= 1;
      return ++done;
    });
    expect(most).toBe(3);
    expect(pieces.map(({ result }) => result)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('of a duration measures only while all of it is under way, and lets the rest end', async () => {
    const events: string[] = [];
    let [begun, ended] = [0, 0];
    const { pieces, seconds, seen } = await loadFor({
      ...{ seconds: 0.05, concurrency: 4 },
      work: async () => {
        begun += 1;
        await sleep(2);
        return ++ended;
      },
      watch: () => {
        events.push(`watched after ${ended}`);
        return () => 'seen';
      },
    });
    expect(events).toEqual(['watched after 4']);
    expect(seen).toBe('seen');
    expect(seconds).toBeGreaterThanOrEqual(0.045);
    expect(begun).toBe(ended);
    expect(pieces.map(({ result }) => result)).toEqual(
      Array.from({ length: pieces.length }, (_, i) => i + 5),
    );
    expect(pieces.length).toBeLessThan(ended - 4);
  });
});

/** A second in which `count` pieces took `ms` each. */
const measured = (way: WayName, count: number, ms: number, more: Partial<Measurement> = {}): Measurement => ({
  ...{ way, shape: 'usual', concurrency: 32, repetition: 1, seconds: 1, open: 0 },
  pieces: Array.from({ length: count }, () => ({ result: { sold: true }, ms, at: 0 })),
  cpu: { processes: { Gavel: 18 * count, database: 8 * count, Temporal: 14 * count }, others: 100 },
  histories: [{ workflowTasks: 1, events: 8, bytes: 3000 }],
  ...more,
});

const WELL = [measured('floor', 80, 20), measured('lead', 64, 30), measured('plain', 20, 90)];

describe('The report of the costs', () => {
  test('compares with the floor of the same repetition, and meets the aims', () => {
    const again = WELL.map((one) => ({ ...one, repetition: 2, seconds: 2 }));
    const report = costsReport([...WELL, ...again], {});
    const lead = report.measured.find(({ way }) => way === 'lead');
    expect(lead?.per_second).toEqual({ median: 32, least: 32, most: 64 });
    expect(lead?.to_floor.per_second).toEqual({ median: 0.8, least: 0.8, most: 0.8 });
    expect(lead?.cpu_ms.Gavel?.median).toBe(18);
    expect(report.aims.filter(({ met }) => !met)).toEqual([]);
  });

  test('counts refusals, and no refused lead as throughput', () => {
    const refused = { result: { failed: '503 busy' }, ms: 1, at: 0 };
    const [floor, lead, plain] = WELL as [Measurement, Measurement, Measurement];
    const some = { ...lead, pieces: [...lead.pieces, refused, refused] };
    const report = costsReport([floor, some, plain], {});
    const one = report.measured.find(({ way }) => way === 'lead');
    expect(one).toMatchObject({ failed: 2, failed_for: '503 busy' });
    expect(one?.per_second.median).toBe(64);
    expect(one?.p50_ms.median).toBe(30);
    expect(report.aims.filter(({ met }) => !met).map(({ aim }) => aim)).toEqual([
      'leads refused or failed, all measurements',
    ]);
    expect(costsSections(report).at(-1)?.rows.at(-1)).toEqual(['32', 'lead', '0', '2', '0', '503 busy']);
  });

  test('of a run that ended early has what was measured', () => {
    const report = costsReport(WELL.slice(1, 2), {}, 'The worker ended by itself.');
    expect(report.measured.map(({ way }) => way)).toEqual(['lead']);
    expect(report.measured[0]?.to_floor.per_second.median).toBeNaN();
    expect(report.ended).toBe('The worker ended by itself.');
    expect(costsSections(report).length).toBeGreaterThan(0);
    expect(Object.keys(costsCharts(report))).toContain('throughput');
  });
});

test('Ways are compared at each concurrency, other terms alone and at full load', () => {
  const cases = casesOf({ concurrency: [1, 8], shapes: SHAPE_NAMES });
  expect(cases.filter(({ concurrency }) => concurrency === 8).map(({ way }) => way)).toEqual([
    'floor',
    'lead',
    'plain',
  ]);
  expect(cases.filter(({ concurrency }) => concurrency === 1)).toHaveLength(2 + SHAPE_NAMES.length);
});
