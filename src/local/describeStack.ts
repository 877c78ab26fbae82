import { colors, table } from '../cli/print.js';
import type { Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import type { StackReady } from './stack.js';

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
    price?.toFixed(2) ?? '',
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
  return `${colors.dim(at.toTimeString().slice(0, 8))}  ${buyer.padEnd(10)} ${what.padEnd(5)} ${about}: ${answer}`;
}
