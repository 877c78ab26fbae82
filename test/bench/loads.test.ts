import { expect, test } from 'vitest';
import { burstReport, burstSections } from './burst.js';
import { growthReport, growthSections, PERSONS } from './growth.js';
import { sleepingReport, sleepingSections } from './sleeping.js';
import { soakReport, soakSections, type Soak } from './soak.js';
import type { Reply } from './source.js';

const sold = (ms: number): Reply => ({ status: 200, text: '', sentAt: 0, ms, leadId: 'lead', sold: true });
const refused: Reply = { status: 503, text: '', sentAt: 0, ms: 1 };
const unmet = ({ aims }: { aims: { aim: string; met: boolean }[] }): string[] =>
  aims.filter(({ met }) => !met).map(({ aim }) => aim);

test('A burst counts refusals and late answers of the worst repetition', () => {
  const good = { replies: [sold(100), sold(3900)], endedAfterS: 4, notSold: 0 };
  expect(unmet(burstReport(2, [good, good, good]))).toEqual([]);
  const bad = { replies: [refused, sold(4100)], endedAfterS: 4, notSold: 1 };
  const report = burstReport(2, [good, good, bad]);
  expect(unmet(report)).toEqual([
    'leads refused',
    'longest answer, ms',
    'accepted leads not sold in the end',
  ]);
  expect(burstSections(report)[0]?.rows).toContainEqual(['refused or without an answer', '0 (0–1)']);
});

test('Growth compares the last leads with the first', () => {
  const growth = { ...PERSONS, leads: 20, measured: 10 };
  const every = (ms: (i: number) => number) => {
    let at = 0;
    return Array.from({ length: 30 }, (_, i) => ({ result: sold(5), ms: 5, at: (at += ms(i)) }));
  };
  const steady = growthReport(
    growth,
    every(() => 100),
  );
  expect(steady.first.per_second).toBeCloseTo(10);
  expect(steady.per_second).toHaveLength(3);
  expect(unmet(steady)).toEqual([]);
  const slower = growthReport(
    growth,
    every((i) => (i < 10 ? 100 : 200)),
  );
  expect(slower.last.per_second).toBeCloseTo(5);
  expect(unmet(slower)).toEqual(['leads/s after 20, to those of the first 10']);
  expect(growthSections(slower)[0]?.rows).toHaveLength(3);
});

test('A soak compares the ends of the run', () => {
  const samples = (mb: (i: number) => number) =>
    Array.from({ length: 16 }, (_, i) => ({ ms: i * 1000, mb: mb(i), handles: 40 }));
  const well: Soak = {
    ...{ minutes: 1, perSecond: 10, replies: Array.from({ length: 40 }, () => sold(50)) },
    ...{ gavel: samples(() => 200), servers: samples(() => 300) },
    kept: {
      ...{ stored: 40, sold: 40 },
      ...{ lost: 0, unheard: 0, open: 0, soldTwice: 0, untrue: 0, differences: 0 },
    },
  };
  expect(unmet(soakReport(well))).toEqual([]);
  expect(unmet(soakReport({ ...well, gavel: samples((i) => 200 + 20 * i) }))).toEqual([
    'Gavel’s memory in the last quarter, to the second',
  ]);
  const slower = Array.from({ length: 40 }, (_, i) => sold(i < 30 ? 50 : 70));
  const report = soakReport({ ...well, replies: slower });
  expect(unmet(report)).toEqual(['p99 in the last quarter, to the first']);
  expect(soakSections(report)[0]?.rows.at(-1)).toEqual(['4', '70', '70']);
});

test('Sleeping leads are compared with an idle exchange, and their sales with the order of receipt', () => {
  const rest = { cores: 0.1, gavel_mb: 200, servers_mb: 300, disk_mb: 10 };
  const inTurn = Array.from({ length: 40 }, (_, i) => ({ lead: `lead-${100 + i}`, atMs: i * 50 }));
  const well = {
    ...{ waiting: 400, concerned: 40, before: rest, asleep: { ...rest, disk_mb: 20 }, sold: inTurn },
    ...{ calm: [sold(40)], meanwhile: [sold(50)] },
  };
  const report = sleepingReport(well);
  expect(unmet(report)).toEqual([]);
  expect(report.woken).toMatchObject({ per_second: 20, out_of_order: 0, not_sold: 0 });
  expect(sleepingSections(report)[0]?.rows).toContainEqual(['400', '0.10', '200', '300', '20']);
  const [first, ...others] = inTurn;
  const bad = { ...well, asleep: { ...rest, cores: 0.2 }, meanwhile: [sold(80)], sold: others };
  expect(unmet(sleepingReport(bad))).toEqual([
    'busy cores while they wait, more than before',
    'p50 of new leads meanwhile, to that before',
    'leads not sold in the end',
  ]);
  const last = { lead: first?.lead ?? '', atMs: 5000 };
  expect(sleepingReport({ ...well, sold: [...others, last] }).woken.out_of_order).toBe(39);
});
