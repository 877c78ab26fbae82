import type { Command } from 'commander';
import { showBuyers, type BuyerView } from '../../../operations/market/buyersOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { BREAKER } from '../../../market/limits/circuitBreaker.js';
import { formatDecimal } from '../../../market/money.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson, table } from '../../../terminal/print.js';

export function buyersListCommand(): Command {
  return adminCommand('list')
    .description(
      'list buyers: whether they are active, how their servers answer, prepaid balance, today’s leads',
    )
    .option('--json', 'print the buyers as JSON', false)
    .action(list);
}

const HEAD = [
  ...['id', 'active', 'server', 'left', 'reserved', 'leads today'],
  ...['pings 24h', 'bids', 'no bids', 'pings not used'],
  ...['posts 24h', 'accepted', 'refused', 'posts not used'],
];

async function list({ json }: { json: boolean }, command: Command): Promise<void> {
  const { buyers } = await useAdmin(command, (call) => call(showBuyers, {}));
  if (json) printJson({ buyers });
  else if (buyers.length === 0) print('There is no buyer yet. Create buyers with `gavel apply FILE`.');
  else {
    print(table(HEAD, buyers.map(row)));
    const remarks = buyers.flatMap(remarksOn);
    if (remarks.length > 0) print(['', ...remarks].join('\n'));
  }
}

function row({ id, active, paused_until, failures, prepaid, leads_today, last_24h }: BuyerView): string[] {
  const money =
    prepaid && [prepaid.left, prepaid.reserved].map((sum) => formatDecimal(sum, prepaid.currency));
  const [left = 'on account', reserved = ''] = money ?? [];
  const { pings, bids, posts, accepted, unused } = last_24h;
  const unusedOf = (line: Unused['of']) => sum(unused.filter((one) => isUnused(one) && one.of === line));
  // Each number of pings or posts is the sum of the three after it.
  const partsOf = (all: number, yes: number, unusable: number) => [all, yes, all - yes - unusable, unusable];
  const answers = [
    ...partsOf(pings, bids, unusedOf('pings')),
    ...partsOf(posts, accepted, unusedOf('posts')),
  ];
  const counts = [leads_today, ...answers].map(String);
  return [id, activeIn(active, paused_until), serverOf(failures), left, reserved, ...counts];
}

const activeIn = (active: boolean, until: string | undefined): string =>
  active ? 'yes' : `no${until === undefined ? '' : `, until ${formatUtc(new Date(until))}`}`;

function serverOf(failures: BuyerView['failures']): string {
  const leftOut = failures.filter((one) => one.left_out_until !== undefined).map(({ of }) => of);
  if (leftOut.length > 0) return `left out (${leftOut.join(', ')})`;
  const [worst] = failures.toSorted((a, b) => b.in_a_row - a.in_a_row);
  return worst === undefined ? 'answers' : `fails (${worst.in_a_row} in a row)`;
}

type Unused = BuyerView['last_24h']['unused'][number];

/** A valid no, which is shown because it may be a wrong address or key. */
const NO_BY_STATUS = 'no_by_status';

const isUnused = ({ reason }: Unused): boolean => reason !== NO_BY_STATUS;
const sum = (unused: readonly Unused[]): number => unused.reduce((all, { count }) => all + count, 0);

function remarksOn({ id, failures, last_24h }: BuyerView): string[] {
  const failing = failures.map(({ of, in_a_row, left_out_until: until, reason, detail }) => {
    const why = [reason, detail].filter((text) => text !== undefined).join(', ');
    return `${id}, ${of}: ${stateIn(in_a_row, until)}${why && `: ${why}`}`;
  });
  const unused = last_24h.unused.map(({ of, reason, count, detail, latest_at, latest_id }) => {
    const what = reason === NO_BY_STATUS ? 'refused by a 4xx status' : `not used, ${reason}`;
    const named = of === 'pings' ? 'ping_id' : 'post_id';
    const latest = `${detail === undefined ? '' : `${detail}; `}latest at ${clock(latest_at)}, ${named} ${latest_id}`;
    return `${id}, ${of} in the last 24 h: ${count} ${what} (${latest})`;
  });
  return [...failing, ...unused];
}

function stateIn(failures: number, until: string | undefined): string {
  if (until !== undefined) return `left out until ${clock(until)} after ${failures} failures`;
  return failures < BREAKER.failures
    ? `${failures} of ${BREAKER.failures} failures in a row`
    : `${failures} failures in a row, and the next lead tries it again`;
}

/** `12:03 UTC` */
const clock = (at: string): string => `${at.slice(11, 16)} UTC`;
