import { expect, test } from 'vitest';
import { clusterReport, clusterSections, type LimitName, type Measured } from './clusterReport.js';

/** Ten seconds in which each process sells some leads, with 20 ms of Gavel's CPU time for each. */
function measured(limit: LimitName, processes: number, leads: number, refused = 0): Measured {
  const answered = (leadId?: string) => ({
    status: leadId ? 200 : 503,
    text: '',
    sentAt: 0,
    ms: 100,
    leadId,
  });
  const replies = [
    ...Array.from({ length: leads }, (_, i) => ({ ...answered(`lead-${i}`), sold: true })),
    ...Array.from({ length: refused }, () => answered()),
  ];
  return { limit, processes, seconds: 10, replies, cpu: { Gavel: leads * 20 }, others: 0 };
}

test('divides the leads a second of two processes by those of one, in each repetition', () => {
  const report = clusterReport([
    ...[measured('buyers', 1, 100), measured('buyers', 2, 190), measured('machine', 1, 300)],
    ...[measured('machine', 2, 330), measured('buyers', 1, 110), measured('buyers', 2, 220)],
  ]);
  expect(report.ratio.buyers).toEqual({ median: 1.9, least: 1.9, most: 2 });
  expect(report.ratio.machine.median).toBeCloseTo(1.1);
  expect(report.aims.map(({ met }) => met)).toEqual([true, true, true]);
  expect(clusterSections(report)[0]?.rows.at(-1)?.slice(0, 3)).toEqual(['machine', '2', '33']);
});

test('does not count refused leads as sold, and misses its aim for them', () => {
  const report = clusterReport([measured('buyers', 1, 100), measured('buyers', 2, 100, 50)]);
  expect(report.ratio.buyers.median).toBe(1);
  expect(report.aims.map(({ met }) => met)).toEqual([false, true, false]);
});
