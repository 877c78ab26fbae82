import { colors } from '../../src/terminal/print.js';
import type { Measure, Measured, Report } from './report.js';
import { aimsTable, rounded, section, spread } from './tables.js';
import { WAYS, type WayName } from './ways.js';

/** Names of the ways. */
const NAMES: Record<WayName, string> = {
  floor: 'floor: an empty workflow',
  lead: 'a whole lead over HTTP',
  plain: 'the plain way',
};

/** The figures as tables for a person. */
export function describeReport({ measured, counted, aims }: Report): string {
  const { mongodb, redis } = counted;
  return [
    section('Time, each also as a multiple of the floor’s beside it', times(measured)),
    section('CPU for each, ms', cpu(measured)),
    section('Temporal', histories(measured)),
    section(`Round trips of a lead, over ${counted.leads} sold one after another`, [
      ['server', 'of its own', 'all, by lead', 'after a pause', 'all, by lead and command'],
      ...Object.entries({ MongoDB: mongodb, Redis: redis }).map(([server, trips]) => [
        server,
        rounded(trips.own),
        rounded(trips.per_lead),
        rounded(trips.after_pause),
        Object.entries(trips.commands)
          .map(([command, times]) => `${command} ${rounded(times)}`)
          .join(', '),
      ]),
    ]),
    aimsTable(aims),
    ...unsold(measured),
    ...failed(measured),
  ].join('\n\n');
}

function times(measured: Measured[]): string[][] {
  const both = (one: Measured, measure: Measure): string[] => [
    rounded(one[measure].median),
    one.way === 'floor' ? '' : spread(one.to_floor[measure]),
  ];
  return [
    [
      'at a time',
      'what',
      'a second',
      '× floor',
      'p50 ms',
      '× floor',
      'p95 ms',
      '× floor',
      'p99 ms',
      '× floor',
      'refused or failed',
    ],
    ...measured.map((one) => [
      String(one.concurrency),
      NAMES[one.way],
      ...both(one, 'per_second'),
      ...both(one, 'p50_ms'),
      ...both(one, 'p95_ms'),
      ...both(one, 'p99_ms'),
      String(one.failed),
    ]),
  ];
}

function cpu(measured: Measured[]): string[][] {
  const parts = Object.keys(measured[0]?.cpu_ms ?? {});
  return [
    ['at a time', 'what', ...parts],
    ...measured.map(({ concurrency, way, cpu_ms }) => [
      String(concurrency),
      NAMES[way],
      ...parts.map((part) => rounded(cpu_ms[part] ?? 0)),
    ]),
  ];
}

function histories(measured: Measured[]): string[][] {
  const alone = WAYS.flatMap((way) => measured.find((one) => one.way === way) ?? []);
  return [
    ['what', 'workflow tasks', 'history events'],
    ...alone.map(({ way, workflow_tasks, events }) => [NAMES[way], spread(workflow_tasks), spread(events)]),
  ];
}

function unsold(measured: Measured[]): string[] {
  return measured
    .filter((one) => one.unsold > 0)
    .map((one) =>
      colors.yellow(
        `${one.unsold} of ${one.leads} (${NAMES[one.way]}, ${one.concurrency} at a time) were not sold when they were answered.`,
      ),
    );
}

function failed(measured: Measured[]): string[] {
  return measured
    .filter((one) => one.failed > 0)
    .map((one) =>
      colors.yellow(
        `${one.failed} of ${one.leads} (${NAMES[one.way]}, ${one.concurrency} at a time) were refused or failed, most with: ${(one.failed_for ?? '').slice(0, 200)}`,
      ),
    );
}
