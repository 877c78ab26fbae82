import Table from 'cli-table3';
import type pc from 'picocolors';
import type { Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import type { StackReady } from './stack.js';

type Colors = ReturnType<typeof pc.createColors>;

/** What a person sees of a stack that is ready. */
export function describeStack({ api, docs, temporalUi, demo }: StackReady, colors: Colors): string {
  const lines = [
    `${colors.bold('API')}          ${api}`,
    `${colors.bold('Docs')}         ${docs}`,
    ...(temporalUi === undefined ? [] : [`${colors.bold('Temporal UI')}  ${temporalUi}`]),
    ...(demo?.workflow === undefined ? [] : [`${colors.bold('This lead')}    ${demo.workflow}`]),
  ];
  const again = demo ? ['', colors.bold('Send it again:'), demo.curl] : [];
  return [
    ...(demo ? [describeDemo(demo, colors), ''] : []),
    ...lines,
    ...again,
    '',
    'Ctrl-C ends it all.',
  ].join('\n');
}

function describeDemo({ answer, buyers }: Demo, colors: Colors): string {
  const table = new Table({
    head: ['buyer', 'price', 'answered in', 'outcome'],
    style: { head: [], border: [], compact: true },
  });
  for (const { buyer, price, ms, outcome } of buyers) {
    const shown = outcome === 'sold' ? colors.green(outcome) : outcome;
    table.push([buyer, price, ms === undefined ? 'not asked' : `${ms} ms`, shown]);
  }
  return [
    colors.bold('A sample lead was sent; the answer, after ') + colors.bold(`${answer.ms} ms:`),
    answer.text,
    table.toString(),
  ].join('\n');
}

/** One thing that a demo buyer did, as a line. */
export function describeDemoMessage(message: DemoMessage, at: Date, colors: Colors): string {
  if (message.event === 'ready') return '';
  const { buyer, event, about, answer } = message;
  const what = event === 'post_cancelled' ? 'post cancelled' : event;
  return `${colors.dim(at.toTimeString().slice(0, 8))}  ${buyer.padEnd(10)} ${what.padEnd(5)} ${about}: ${answer}`;
}
