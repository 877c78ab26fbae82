import { atLeast, atMost, figure, mean, once, sum, timesOf, type Aim, type Figure } from './aims.js';
import { CLUSTER } from './clusterServers.js';
import type { Reply } from './source.js';
import { aimsSection, rounded, spread, type Section } from './tables.js';
import { machine, type Machine } from './usage.js';

/** What limits the leads a second; see cluster.ts. */
export type LimitName = 'buyers' | 'machine';

/** One measurement. */
export interface Measured {
  limit: LimitName;
  /** The number of processes. */
  processes: number;
  seconds: number;
  /** The leads that were answered in that time. */
  replies: Reply[];
  /** CPU time by group of processes, ms. */
  cpu: Record<string, number>;
  /** CPU time of all other programs, ms. */
  others: number;
}

/** The measurements of one limit with one number of processes. */
interface Row {
  limit: LimitName;
  processes: number;
  soldPerSecond: Figure;
  p50Ms: Figure;
  p99Ms: Figure;
  /** Share of the leads that were not sold in the call. */
  unsold: Figure;
  /** CPU time of a lead, ms. */
  cpuMs: Record<string, number>;
  /** Share of the machine's cores that were busy. */
  busy: Figure;
}

export interface ClusterReport {
  machine: Machine;
  temporal: typeof CLUSTER;
  rows: Row[];
  /** Leads sold a second by two processes, divided by those of one, by limit. */
  ratio: Record<LimitName, Figure>;
  aims: Aim[];
}

export function clusterReport(all: Measured[]): ClusterReport {
  const on = machine();
  const of = (limit: LimitName, processes: number): Measured[] =>
    all.filter((one) => one.limit === limit && one.processes === processes);
  const rows = (['buyers', 'machine'] as const).flatMap((limit) =>
    [1, 2].map((processes) => rowOf(limit, processes, of(limit, processes), on.cpus)),
  );
  const ratioOf = (limit: LimitName): Figure =>
    figure(of(limit, 2).map((two, i) => rateOf(two) / rateOf(of(limit, 1)[i] ?? two)));
  const ratio = { buyers: ratioOf('buyers'), machine: ratioOf('machine') };
  const gavel = (processes: number): number =>
    mean(of('buyers', processes).map((one) => cpuOf(one, 'Gavel')));
  return {
    machine: on,
    temporal: CLUSTER,
    rows,
    ratio,
    aims: [
      atLeast(1.8, 'leads sold a second by two processes ÷ one, limited by buyers', ratio.buyers),
      atMost(1.2, 'Gavel’s CPU time of a lead, two processes ÷ one', once(gavel(2) / gavel(1))),
      atMost(0, 'leads refused or without an answer', once(sum(all.map(refusedIn)))),
    ],
  };
}

function rowOf(limit: LimitName, processes: number, measured: Measured[], cpus: number): Row {
  const groups = [...new Set(measured.flatMap(({ cpu }) => Object.keys(cpu)))].sort();
  const times = measured.map(({ replies }) => timesOf(replies));
  return {
    limit,
    processes,
    soldPerSecond: figure(measured.map(rateOf)),
    p50Ms: figure(times.map(({ p50_ms }) => p50_ms)),
    p99Ms: figure(times.map(({ p99_ms }) => p99_ms)),
    unsold: figure(
      measured.map(({ replies }) => replies.filter(({ sold }) => sold !== true).length / replies.length),
    ),
    cpuMs: Object.fromEntries(
      groups.map((group) => [group, mean(measured.map((one) => cpuOf(one, group)))] as const),
    ),
    busy: figure(
      measured.map(
        ({ cpu, others, seconds }) => (sum(Object.values(cpu)) + others) / (seconds * 1000 * cpus),
      ),
    ),
  };
}

const rateOf = ({ replies, seconds }: Measured): number =>
  replies.filter(({ sold }) => sold === true).length / seconds;

const cpuOf = ({ cpu, replies }: Measured, group: string): number => (cpu[group] ?? 0) / replies.length;

const refusedIn = ({ replies }: Measured): number =>
  replies.filter(({ leadId }) => leadId === undefined).length;

export function clusterSections({ temporal, rows, ratio, aims }: ClusterReport): Section[] {
  const groups = [...new Set(rows.flatMap(({ cpuMs }) => Object.keys(cpuMs)))].sort();
  const percent = ({ median }: Figure): string => `${Math.round(median * 100)} %`;
  const figures = rows.map((row) => [
    ...[row.limit, String(row.processes), spread(row.soldPerSecond), spread(row.p50Ms), spread(row.p99Ms)],
    ...[percent(row.unsold), percent(row.busy)],
  ]);
  const cpu = rows.map(({ limit, processes, cpuMs }) => [
    ...[limit, String(processes)],
    ...groups.map((group) => rounded(cpuMs[group] ?? 0)),
  ]);
  const head = ['limited by', 'processes', 'sold a second', 'p50, ms', 'p99, ms', 'not sold at once'];
  return [
    {
      title: `Temporal ${temporal.release} on PostgreSQL with ${temporal.historyShards} history shards`,
      rows: [[...head, 'cores busy'], ...figures],
    },
    { title: 'CPU time of a lead, ms', rows: [['limited by', 'processes', ...groups], ...cpu] },
    {
      title: 'Leads sold a second by two processes, divided by those of one',
      rows: [['limited by', 'ratio'], ...Object.entries(ratio).map(([limit, one]) => [limit, spread(one)])],
    },
    aimsSection(aims),
  ];
}
