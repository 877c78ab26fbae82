import { table } from '../../../src/terminal/print.js';
import type { Evidence } from './evidence.js';
import { FAULTS, stepInWords } from './faults.js';
import { openInWords } from './settle.js';
import type { Played, TortureResult } from './runTorture.js';

/** The output of `npm run torture -- --json`. */
export interface TortureReport {
  seed: number;
  seconds: number;
  leads: { sent: number; taken: number; ended: Record<string, number>; sales: number; returns: number };
  /** Answers to sources, by status code; `none`: no answer. */
  answers: Record<string, number>;
  /** Requests to buyers and sellers, by type. */
  requests: Record<string, number>;
  /** Faults by kind; a kill of two parts counts twice. */
  faults: Record<string, number>;
  /**
   * The longest times from a part's resumption or restart until a lead sent afterwards was accepted, and until one was
   * sold, s. Other faults continued meanwhile.
   */
  recovery_s: Record<string, { taken: number; sold: number }>;
  settled_s: number;
  /** Failed starts because a server was down, which were repeated. */
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

function recoveries(played: Played[], evidence: Evidence): TortureReport['recovery_s'] {
  const heard = evidence.answers.filter(({ asked, status }) => asked === 'lead' && status === 200);
  const taken = heard.map(({ sentAt, at }): Span => [sentAt, at]);
  const receivedAt = new Map(evidence.leads.map((lead) => [lead._id, lead.receivedAt.getTime()]));
  const sold = evidence.sales.map(({ lead, at }): Span => [receivedAt.get(lead) ?? 0, at.getTime()]);
  const longest: TortureReport['recovery_s'] = {};
  for (const { step, at } of played) {
    const mended = at + step.lastsMs;
    const took = { taken: firstAfter(mended, taken), sold: firstAfter(mended, sold) };
    for (const kind of new Set(step.parts.map((part) => part.split('-')[0] ?? part))) {
      const before = longest[kind] ?? { taken: 0, sold: 0 };
      longest[kind] = {
        taken: Math.max(before.taken, took.taken),
        sold: Math.max(before.sold, took.sold),
      };
    }
  }
  return longest;
}

/** The start and end of an operation, ms. */
type Span = [from: number, until: number];

/** The time until the first operation that started after a moment ended, s; 0 if none started. */
function firstAfter(moment: number, spans: Span[]): number {
  const ends = spans.filter(([from]) => from >= moment).map(([, until]) => until);
  return ends.length === 0 ? 0 : seconds(Math.min(...ends) - moment);
}

/** The report for people; with violations and the injected faults if there are any. */
export function describeTorture(result: TortureResult): string {
  const { leads, answers, requests, faults, recovery_s, settled_s, started_again } = report(result);
  const listed = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ') || 'none';
  const figures = [
    ['leads', `${leads.sent} sent, ${leads.taken} accepted: ${listed(leads.ended)}`],
    ['sales', `${leads.sales}, ${leads.returns} of them returned`],
    ['answers', listed(answers)],
    ['requests', listed(requests)],
    ['faults', listed(faults)],
    [
      'recovery',
      `at most ${
        Object.entries(recovery_s)
          .map(
            ([kind, { taken, sold }]) =>
              `${kind} ${taken} s until a lead was accepted, ${sold} s until one was sold`,
          )
          .join('; ') || 'none'
      }`,
    ],
    ['settled', `after ${settled_s} s; ${started_again} failed starts repeated`],
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

/** The violations and the injected faults. */
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
    'Injected faults (s after the start):',
    ...played.map(
      ({ lane, step, at }) => `  ${seconds(at - (first?.at ?? at))}  ${lane}: ${stepInWords(step)}`,
    ),
    `Logs and data are in ${dir} until the next run. To repeat the plan: npm run torture -- --seed ${options.seed} --minutes ${options.seconds / 60} --rate ${options.leadsPerSecond}`,
  ].join('\n');
}
