import { relative } from 'node:path';
import { colors, table } from '../terminal/print.js';
import { formatDecimal } from '../market/money.js';
import type { Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import { SAMPLE } from './demo/sample.js';
import type { StackReady } from './localStack.js';
import type { PartEvent } from './processes/supervise.js';

/** What a person sees of a stack that is ready. */
export function describeStack(ready: StackReady): string {
  const { api, docs, admin, servers, temporalUi, namespace, demo } = ready;
  const list = temporalUi && `${temporalUi}/namespaces/${namespace}/workflows`;
  const addresses = lines({
    API: api,
    Docs: docs,
    'Admin API': admin,
    Temporal: servers.TEMPORAL_ADDRESS && `${servers.TEMPORAL_ADDRESS}  (npm run temporal -- workflow list)`,
    'Temporal UI': temporalUi,
    'Open leads':
      list && `${list}?query=${encodeURIComponent('LeadStatus IN ("received", "pending", "held")')}`,
    'This lead': demo?.workflow,
  });
  const parts = demo
    ? [
        describeDemo(demo),
        addresses,
        describeKeys(demo),
        `${colors.bold('Send it again:')}\n${demo.curl}`,
        OTHERS,
      ]
    : [addresses];
  return [...parts, 'Ctrl-C stops everything.'].join('\n\n');
}

const OTHERS =
  'docs/demo.md has a request for each other outcome: pending, refused and resold, sold late, held, returned …';

const lines = (values: Record<string, string | undefined>): string =>
  Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${colors.bold(name.padEnd(11))}  ${value}`]))
    .join('\n');

/** Makes the market that of docs/demo.md again. */
const restoreCommand = (file: string): string =>
  `npm run gavel -- apply --replace --prune ${relative('.', file)}`;

function describeDemo({ answer, buyers, notApplied }: Demo): string {
  const rows = buyers.map(({ buyer, price, currency, ms, outcome, post = '' }) => [
    buyer,
    ms === undefined ? 'not asked' : `${ms} ms`,
    price === undefined ? '' : formatDecimal(price, currency),
    outcome === 'sold' ? colors.green(outcome) : outcome.replaceAll('_', ' '),
    post,
  ]);
  const parts = [
    `${colors.bold(`A sample lead was sent; the answer, after ${answer.ms} ms:`)}\n${answer.text}`,
    rows.length > 0 ? table(['buyer', 'ping', 'price', 'outcome', 'post'], rows) : undefined,
    notApplied &&
      `The market here was changed since a start applied the demo market (or an earlier release applied it), so it stays as it is. For the market of docs/demo.md:\n${restoreCommand(notApplied)}\nOf what you added, it removes contracts and deactivates campaigns; sellers and buyers stay. It does not touch leads, payments and keys.`,
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

const describeKeys = ({ keys }: Demo): string =>
  lines({
    'Live key': `${keys.live}  (leads of ${SAMPLE.seller})`,
    'Test key': `${keys.test}  (test leads, which nobody pays for)`,
    'Buyer key': `${keys.buyer}  (northwind's, for returns)`,
  });

/** One thing that a demo buyer did, or a postback, as a line. */
export function describeDemoMessage(message: DemoMessage, at: Date): string {
  if (message.event === 'ready') return '';
  const { party, what, about, answer } = message;
  return `${clock(at)}  ${party.padEnd(9)}  ${what.padEnd(8)}  ${about === '' ? '' : `${about}: `}${answer}`;
}

/** A crash of a part, its recovery or its restart, as a line. */
export function describePartEvent(event: PartEvent, at: Date): string {
  const time = clock(at);
  if (event.event === 'restarted') return `${time}  ${event.part} restarted in ${inSeconds(event.afterMs)}.`;
  if (event.event === 'recovered') {
    return `${time}  ${colors.green(`${event.part} runs again`)}, ${inSeconds(event.afterMs)} after its end.`;
  }
  const { why, againInMs, log } = event;
  return `${time}  ${colors.red(why)} It is started again in ${inSeconds(againInMs)}. Its log: ${relative('.', log)}`;
}

const inSeconds = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

const clock = (at: Date): string => colors.dim(at.toTimeString().slice(0, 8));
