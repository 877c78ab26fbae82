import { colors, table } from '../cli/print.js';
import type { Aim, Figure, Measure, Measured, Report } from './report.js';
import { WAYS, type WayName } from './ways.js';

/** What the ways are called. */
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
    section('Aims', [['aim', 'wanted', 'measured', ''], ...aims.map(aimRow)]),
    ...unsold(measured),
  ].join('\n\n');
}

const section = (title: string, [head = [], ...rows]: string[][]): string =>
  `${colors.bold(title)}\n${table(head, rows)}`;

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
    ],
    ...measured.map((one) => [
      String(one.concurrency),
      NAMES[one.way],
      ...both(one, 'per_second'),
      ...both(one, 'p50_ms'),
      ...both(one, 'p95_ms'),
      ...both(one, 'p99_ms'),
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

const aimRow = ({ aim, wanted, measured, met }: Aim): string[] => [
  aim,
  wanted,
  spread(measured),
  met ? colors.green('met') : colors.red('not met'),
];

function unsold(measured: Measured[]): string[] {
  return measured
    .filter((one) => one.unsold > 0)
    .map((one) =>
      colors.yellow(
        `${one.unsold} of ${one.leads} (${NAMES[one.way]}, ${one.concurrency} at a time) were not sold when they were answered.`,
      ),
    );
}

/** `2.2 (2.1–2.4)`; one value where the repetitions do not differ. */
function spread({ median, least, most }: Figure): string {
  const [from, to] = [rounded(least), rounded(most)];
  return from === to ? rounded(median) : `${rounded(median)} (${from}–${to})`;
}

/** As many digits as anybody can use. */
const rounded = (value: number): string => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
