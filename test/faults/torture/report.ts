import { table } from '../../../src/cli/print.js';
import { FAULTS, stepInWords } from './faults.js';
import { openInWords } from './settle.js';
import type { Played, TortureResult } from './runTorture.js';

/** What `npm run torture -- --json` prints. */
export interface TortureReport {
  seed: number;
  seconds: number;
  leads: { sent: number; taken: number; ended: Record<string, number>; sales: number; returns: number };
  /** Answers to sources, by code; `none`: nothing was heard. */
  answers: Record<string, number>;
  /** What buyers and sellers were asked, by kind. */
  requests: Record<string, number>;
  /** Faults by what they count as; a kill of two counts twice. */
  faults: Record<string, number>;
  /** The longest time from when a part was mended until a lead sent after that was sold, s; other faults went on meanwhile. */
  recovery_s: Record<string, number>;
  settled_s: number;
  /** Starts that ended because a server was away, and were made again. */
  started_again: number;
  invariants: { name: string; of: number[]; broken: number }[];
  open: TortureResult['open'];
}

export function report({ options, played, evidence, judged, open, settledMs }: TortureResult): TortureReport {
  const { sent, answers, leads, sales, returned, crowd, deaths } = evidence;
  const heard = answers.filter(({ asked, status }) => asked === 'lead' && status === 200);
  const received = [...crowd.buyers, ...Object.values(crowd.sellers)].flatMap(
    ({ server }) => server.received,
  );
  return {
    seed: options.seed,
    seconds: options.seconds,
    leads: {
      sent: sent.length,
      taken: new Set(heard.map(({ number }) => number)).size,
      ended: count(leads.map(({ status }) => status)),
      sales: sales.length,
      returns: returned.length,
    },
    answers: count(answers.map(({ status }) => (status === 0 ? 'none' : String(status)))),
    requests: count(received.map(({ type }) => type)),
    faults: count(
      played.flatMap(({ step }) =>
        Array<string>(Math.max(1, step.parts.length)).fill(FAULTS[step.fault].counts),
      ),
    ),
    recovery_s: recoveries(played, evidence),
    settled_s: seconds(settledMs),
    started_again: deaths.atStart,
    invariants: judged.map(({ name, of, violations }) => ({ name, of, broken: violations.length })),
    open,
  };
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** By kind of part: how long after the mending began the next lead that was then sent was sold in its call. */
function recoveries(played: Played[], { answers }: TortureResult['evidence']): Record<string, number> {
  const sold = answers.filter(({ asked, body }) => asked === 'lead' && body.status === 'sold');
  const longest: Record<string, number> = {};
  for (const { step, at } of played) {
    const mended = at + step.lastsMs;
    const after = sold.filter(({ sentAt }) => sentAt >= mended).map((answer) => answer.at);
    if (after.length === 0) continue;
    const took = seconds(Math.min(...after) - mended);
    for (const kind of new Set(step.parts.map((part) => part.split('-')[0] ?? part)))
      longest[kind] = Math.max(longest[kind] ?? 0, took);
  }
  return longest;
}

/** The report for people; where something is broken, with what and with the steps that were played. */
export function describeTorture(result: TortureResult): string {
  const { leads, answers, requests, faults, recovery_s, settled_s, started_again } = report(result);
  const listed = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ') || 'none';
  const figures = [
    ['leads', `${leads.sent} sent, ${leads.taken} taken: ${listed(leads.ended)}`],
    ['sales', `${leads.sales}, of which ${leads.returns} given back`],
    ['answers', listed(answers)],
    ['requests', listed(requests)],
    ['faults', listed(faults)],
    ['recovery', `${listed(recovery_s)} s at the longest`],
    ['settled', `after ${settled_s} s; ${started_again} starts were made again`],
  ];
  const broken = result.judged.filter(({ violations }) => violations.length > 0);
  return [
    table(['', `seed ${result.options.seed}, ${result.options.seconds} s`], figures),
    '',
    table(
      ['broken', 'invariant'],
      result.judged.map(({ name, violations }) => [String(violations.length), name]),
    ),
    ...(broken.length === 0 && Object.values(result.open).every((one) => one === 0)
      ? []
      : ['', brokenInWords(result)]),
  ].join('\n');
}

const SHOWN = 10;

/** What was broken, and what had been done by then. */
function brokenInWords({ options, judged, open, played, dir }: TortureResult): string {
  const [first] = played;
  return [
    ...judged.flatMap(({ name, violations }) => [
      ...(violations.length === 0 ? [] : [`BROKEN: ${name}`]),
      ...violations
        .slice(0, SHOWN)
        .map(({ lead, expected, found }) => `  ${lead ?? ''}  expected ${expected}; found ${found}`),
      ...(violations.length > SHOWN ? [`  and ${violations.length - SHOWN} more`] : []),
    ]),
    ...(Object.values(open).some((one) => one > 0) ? [`NOT SETTLED: ${openInWords(open)}`] : []),
    'What was played (s after the start):',
    ...played.map(
      ({ lane, step, at }) => `  ${seconds(at - (first?.at ?? at))}  ${lane}: ${stepInWords(step)}`,
    ),
    `Logs and data are in ${dir} until the next run. The same plan again: npm run torture -- --seed ${options.seed} --minutes ${options.seconds / 60}`,
  ].join('\n');
}
