import { relative } from 'node:path';
import { colors, table } from '../cli/print.js';
import type { Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import type { StackReady } from './stack.js';
import type { PartEvent } from './supervise.js';

/** What a person sees of a stack that is ready. */
export function describeStack({ api, docs, admin, temporalUi, demo }: StackReady): string {
  const lines = [
    `${colors.bold('API')}          ${api}`,
    `${colors.bold('Docs')}         ${docs}`,
    `${colors.bold('Admin API')}    ${admin}`,
    ...(temporalUi === undefined ? [] : [`${colors.bold('Temporal UI')}  ${temporalUi}`]),
    ...(demo?.workflow === undefined ? [] : [`${colors.bold('This lead')}    ${demo.workflow}`]),
  ];
  const again = demo ? ['', colors.bold('Send it again:'), demo.curl] : [];
  return [...(demo ? [describeDemo(demo), ''] : []), ...lines, ...again, '', 'Ctrl-C ends it all.'].join(
    '\n',
  );
}

function describeDemo({ answer, buyers }: Demo): string {
  const rows = buyers.map(({ buyer, price, ms, outcome, post = '' }) => [
    buyer,
    ms === undefined ? 'not asked' : `${ms} ms`,
    price ?? '',
    outcome === 'sold' ? colors.green(outcome) : outcome.replaceAll('_', ' '),
    post,
  ]);
  return [
    colors.bold(`A sample lead was sent; the answer, after ${answer.ms} ms:`),
    answer.text,
    '',
    table(['buyer', 'ping', 'price', 'outcome', 'post'], rows),
  ].join('\n');
}

/** One thing that a demo buyer did, as a line. */
export function describeDemoMessage(message: DemoMessage, at: Date): string {
  if (message.event === 'ready') return '';
  const { buyer, event, about, answer } = message;
  const what = event === 'post_cancelled' ? 'post cancelled' : event;
  return `${clock(at)}  ${buyer.padEnd(10)} ${what.padEnd(5)} ${about}: ${answer}`;
}

/** A crash of a part, or its recovery, as a line. */
export function describePartEvent(event: PartEvent, at: Date): string {
  const time = clock(at);
  if (event.event === 'recovered') {
    return `${time}  ${colors.green(`${event.part} runs again`)}, ${inSeconds(event.afterMs)} after its end.`;
  }
  const { why, againInMs, log } = event;
  return `${time}  ${colors.red(why)} It is started again in ${inSeconds(againInMs)}. Its log: ${relative('.', log)}`;
}

const inSeconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

const clock = (at: Date): string => colors.dim(at.toTimeString().slice(0, 8));
