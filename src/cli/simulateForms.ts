import { stripVTControlCharacters } from 'node:util';
import type { SimulationView } from '../api/admin/simulationView.js';
import { moment } from '../market/moment.js';
import { formatDecimal } from '../market/money.js';
import type { Compared } from '../market/whatIf/tally.js';
import { ASSUMPTIONS, type Assumption } from '../market/whatIf/voices.js';
import { bars } from './bars.js';
import { changeLines } from './describeChanges.js';
import { colors, table } from './print.js';

type InCurrency = SimulationView['currencies'][number];
type Tally = InCurrency['before'];

const whole = (amount: number): string => amount.toLocaleString('en-US');
const leadsIn = (amount: number): string => `${whole(amount)} ${amount === 1 ? 'lead' : 'leads'}`;
const percent = (part: number, of: number): string => `${((of === 0 ? 0 : part / of) * 100).toFixed(1)} %`;

/**
 * A simulation on a terminal.
 * @param file where the change was read from
 */
export function simulationText(simulation: SimulationView, file: string): string {
  const { since, changes, models, currencies, leads } = simulation;
  return [
    `${leadsIn(leads)} received since ${moment(new Date(since))}, decided again under ${file}:`,
    [...changes.flatMap(changeLines), ...models.map(modelLine)].join('\n'),
    ...currencies.flatMap((one) => currencyText(one, fewIn(simulation))),
    notes(simulation).join('\n'),
  ].join('\n\n');
}

function modelLine(model: SimulationView['models'][number]): string {
  const { contract, currency, lowest, highest, shared_lowest, shared_highest } = model;
  const { bids_on_percent, accepts_percent } = model;
  const range = (least?: number, most?: number): string[] =>
    least === undefined || most === undefined
      ? []
      : [`${formatDecimal(least, currency)} to ${formatDecimal(most, currency)}`];
  const amounts = [
    ...range(lowest, highest),
    ...range(shared_lowest, shared_highest).map((places) => `${places} for a place`),
  ];
  const bids = amounts.length === 0 ? '' : `bids ${amounts.join(', ')} on ${bids_on_percent} % of leads, `;
  return colors.yellow(`~ model of ${contract}: ${bids}accepts ${accepts_percent} % of those it is sent`);
}

/** What stands for a figure of fewer leads than are told. */
const fewIn = ({ fewest_leads: fewest = 1 }: SimulationView): string => `fewer than ${fewest}`;

function currencyText({ currency, before, after, buyers, others }: InCurrency, few: string): string[] {
  const money = (amount: number): string => formatDecimal(amount, currency);
  const together = others && { ...others, buyer: `${others.buyers} others of few leads` };
  const lines = [...buyers, ...(together ? [together] : [])];
  const won = lines.map(({ buyer, won, spent }) => [
    buyer,
    ...compared(won, whole),
    ...compared(spent, money),
    relative(spent),
  ]);
  const chart = lines.flatMap(({ buyer, spent }) => [
    { name: buyer, value: spent.before, label: money(spent.before), color: colors.dim },
    { name: '', value: spent.after, label: money(spent.after), color: colors.cyan },
  ]);
  return [
    table(...rightAligned(['', 'before', 'after', 'change', ''], totals(before, after, { money, few }))),
    ...(lines.length === 0
      ? []
      : [
          table(...rightAligned(['buyer', 'won', '→', 'change', 'spent', '→', 'change', ''], won)),
          `What each buyer spends, ${colors.dim('before')} and ${colors.cyan('after')}:\n${bars(chart)}`,
        ]),
  ];
}

function totals(
  before: Tally,
  after: Tally,
  { money, few }: { money: (amount: number) => string; few: string },
): string[][] {
  const line = (name: string, of: (tally: Tally) => number | null, words: (amount: number) => string) => {
    const [was, is] = [of(before), of(after)];
    if (was === null || is === null) return [name, few, few, '', ''];
    const both = { before: was, after: is };
    return [name, ...compared(both, words), relative(both)];
  };
  const share = ({ sold, leads }: Tally): string => (sold === null ? few : percent(sold, leads));
  return [
    ['leads', whole(before.leads), whole(after.leads), '', ''],
    line('sold', ({ sold }) => sold, whole),
    ['of the leads', share(before), share(after), '', ''],
    line('buyers pay', ({ revenue }) => revenue, money),
    line('sellers earn', ({ sellers_earn }) => sellers_earn, money),
    line('the house keeps', ({ house_keeps }) => house_keeps, money),
  ];
}

/** Before, after and what lies between. */
function compared({ before, after }: Compared, words: (amount: number) => string): string[] {
  const change = after - before;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '';
  return [words(before), words(after), inColor(change, `${sign}${words(Math.abs(change))}`)];
}

function relative({ before, after }: Compared): string {
  if (before === 0 || before === after) return '';
  const change = ((after - before) / before) * 100;
  return inColor(change, `${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(1)} %`);
}

const inColor = (change: number, text: string): string =>
  change > 0 ? colors.green(text) : change < 0 ? colors.red(text) : text;

/** Figures end below each other, as sums are written. */
function rightAligned(head: string[], rows: string[][]): [string[], string[][]] {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => visible(row[i] ?? ''))));
  const aligned = (row: string[]): string[] =>
    row.map((cell, i) => (i === 0 ? cell : ' '.repeat((widths[i] ?? 0) - visible(cell)) + cell));
  return [aligned(head), rows.map(aligned)];
}

/** How wide a text is, its colours left out. */
const visible = (text: string): number => stripVTControlCharacters(text).length;

const RESTS_ON: Record<Assumption, string> = {
  bid: 'the bid of a buyer that was not asked',
  form: 'a bid that was given for another way of selling',
  post: 'the answer of a buyer that was not sent the lead',
  check: 'a check that was not made',
};

function notes(simulation: SimulationView): string[] {
  const { assumed, leads, without_change, left_out, fewest_leads: fewest } = simulation;
  const { sold_as_before: unchanged } = without_change;
  const few = fewIn(simulation);
  const count = (figure: number | null): string => (figure === null ? few : whole(figure));
  const leadsOf = (figure: number | null): string => (figure === null ? `${few} leads` : leadsIn(figure));
  const kinds = ASSUMPTIONS.filter((kind) => assumed[kind] !== 0);
  const by = kinds.map((kind) => `${count(assumed[kind])} on ${RESTS_ON[kind]}`).join(', ');
  const rest = assumed.leads === 1 ? 'rests' : 'rest';
  const left = [
    ...(left_out.erased === 0 ? [] : [`${leadsOf(left_out.erased)} whose persons were erased`]),
    ...(left_out.unheld === 0 ? [] : [`${leadsOf(left_out.unheld)} for which no round was held`]),
  ];
  return [
    assumed.leads === 0
      ? 'All of it rests on what buyers have said.'
      : `${leadsOf(assumed.leads)} ${rest} on an assumption: ${by}.`,
    ...(unchanged === leads
      ? []
      : [
          `Without the change, ${count(unchanged)} of ${whole(leads)} would be sold as they were; for the others the market has changed since, or they were decided at the same time as others.`,
        ]),
    ...(left.length > 0 ? [`Left out: ${left.join(', ')}.`] : []),
    ...(fewest === undefined ? [] : [`From afar, figures of fewer than ${fewest} leads are not shown.`]),
    'Nothing was sent to anyone, and nothing was changed.',
  ];
}
