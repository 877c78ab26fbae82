import type { Command } from 'commander';
import { OperationError } from '../../../operations/operationError.js';
import { simulate } from '../../../operations/simulate/simulateOperation.js';
import { abbreviateList, type SimulationView } from '../../../operations/simulate/simulationView.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { withProgress } from '../../../terminal/showProgress.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { parsePastTime } from '../../argumentParsers.js';
import { faultsText } from './faultsText.js';
import { print, printJson, colors, table } from '../../../terminal/print.js';
import { readText } from '../../../terminal/readText.js';
import { stripVTControlCharacters } from 'node:util';
import { formatDecimal } from '../../../market/money.js';
import { COLUMNS, mapCompared, type Compared } from '../../../market/simulate/tally.js';
import { ASSUMPTIONS, type Assumption } from '../../../market/simulate/buyerModel.js';
import { bars } from '../../../terminal/bars.js';
import { changeLines } from './describeChanges.js';

export function simulateCommand(): Command {
  return adminCommand('simulate')
    .description('decide past auctions again under changed terms; sends nothing to anyone')
    .requiredOption(
      '--since <when>',
      'leads received since: a date, a time, or a span before now (7d)',
      parsePastTime,
    )
    .requiredOption('--change <file>', 'what changes, as a part of a market file; - reads standard input')
    .option('--seller <code|slug>', 'decide only this seller’s leads again')
    .option('--json', 'print the outcome as JSON', false)
    .action(decideAgain);
}

async function decideAgain(
  options: { since: Date; change: string; seller?: string; json: boolean },
  command: Command,
): Promise<void> {
  const { since, change: file, seller, json } = options;
  const asked = { file: await readText(file), since: since.toISOString(), seller };
  const simulation = await withProgress((onProgress) =>
    useAdmin(command, (call) => call(simulate, asked), { personalData: true, onProgress }),
  ).catch((error: unknown) => {
    if (!(error instanceof OperationError) || error.details.faults === undefined) throw error;
    throw new CommandFailed(faultsText(file, error.details.faults, 'nothing was decided.'));
  });
  if (simulation.leads === 0) throw new CommandFailed(nothingToDecide(simulation));
  if (json) printJson({ file, ...simulation });
  else print(simulationText(simulation, file));
}

function nothingToDecide({ since, campaigns, left_out: { erased, without_round } }: SimulationView): string {
  const none = `No lead of ${abbreviateList(campaigns)} received since ${formatUtc(new Date(since))} can be decided again`;
  const why =
    erased === 0 && without_round === 0
      ? 'none was received, except for test leads'
      : 'the persons of the received leads were erased, or no round was run';
  return `${none}: ${why}. Name an earlier time with --since.`;
}

type InCurrency = SimulationView['currencies'][number];
type Tally = InCurrency['booked'];

const whole = (amount: number): string => amount.toLocaleString('en-US');
const leadsIn = (amount: number): string => `${whole(amount)} ${amount === 1 ? 'lead' : 'leads'}`;
const percent = (part: number, of: number): string => `${((of === 0 ? 0 : part / of) * 100).toFixed(1)} %`;

/**
 * A simulation on a terminal.
 * @param file where the change was read from
 */
function simulationText(simulation: SimulationView, file: string): string {
  const { since, campaigns, changes, models, currencies, leads } = simulation;
  return [
    `${leadsIn(leads)} of ${abbreviateList(campaigns)}, received since ${formatUtc(new Date(since))}, decided again with the change in ${file === '-' ? 'standard input' : file}:`,
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

const fewIn = ({ fewest_leads: fewest = 1 }: SimulationView): string => `fewer than ${fewest}`;

function currencyText({ currency, buyers, others, ...tallies }: InCurrency, few: string): string[] {
  const money = (amount: number): string => formatDecimal(amount, currency);
  const together = others && { ...others, buyer: `${others.buyers} others of few leads` };
  const lines = [...buyers, ...(together ? [together] : [])];
  const won = lines.map((line) => [line.buyer, ...figures(line.won, whole)]);
  const spent = lines.map((line) => [line.buyer, ...figures(line.spent, money)]);
  const chart = lines.flatMap(({ buyer, spent }) => [
    { name: buyer, value: spent.unchanged, label: money(spent.unchanged), color: colors.dim },
    { name: '', value: spent.changed, label: money(spent.changed), color: colors.cyan },
  ]);
  return [
    figuresTable('', totals(tallies, { money, few })),
    ...(lines.length === 0
      ? []
      : [
          figuresTable('leads bought', won),
          figuresTable('spent', spent),
          `What each buyer spends, ${colors.dim('unchanged')} and ${colors.cyan('with the change')}:\n${bars(chart)}`,
        ]),
  ];
}

function totals(
  tallies: Compared<Tally>,
  { money, few }: { money: (amount: number) => string; few: string },
): string[][] {
  const line = (name: string, of: (tally: Tally) => number | null, words: (amount: number) => string) => {
    const { booked, unchanged, changed } = mapCompared(tallies, of);
    return booked === null || unchanged === null || changed === null
      ? [name, few, few, few, '', '']
      : [name, ...figures({ booked, unchanged, changed }, words)];
  };
  const each = (words: (tally: Tally) => string): string[] => COLUMNS.map((column) => words(tallies[column]));
  return [
    ['leads', ...each(({ leads }) => whole(leads)), '', ''],
    line('sold', ({ sold }) => sold, whole),
    ['of the leads', ...each(({ sold, leads }) => (sold === null ? few : percent(sold, leads))), '', ''],
    line('buyers pay', ({ revenue }) => revenue, money),
    line('sellers earn', ({ sellers_earn }) => sellers_earn, money),
    line('the house keeps', ({ house_keeps }) => house_keeps, money),
  ];
}

const figuresTable = (title: string, rows: string[][]): string =>
  table(...rightAligned([title, 'booked', 'unchanged', 'with the change', 'effect', ''], rows));

/** The three columns, and the effect of the change as an amount and in percent. */
function figures(columns: Compared<number>, words: (amount: number) => string): string[] {
  const { unchanged, changed } = columns;
  const effect = changed - unchanged;
  const sign = effect > 0 ? '+' : effect < 0 ? '−' : '';
  return [
    ...COLUMNS.map((column) => words(columns[column])),
    inColor(effect, `${sign}${words(Math.abs(effect))}`),
    relative(unchanged, effect),
  ];
}

function relative(unchanged: number, effect: number): string {
  if (unchanged === 0 || effect === 0) return '';
  const change = (effect / unchanged) * 100;
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

const visible = (text: string): number => stripVTControlCharacters(text).length;

const RESTS_ON: Record<Assumption, string> = {
  bid: 'on the bid of a buyer that was not asked',
  form: 'on a bid that was made for another way of selling',
  post: 'on the answer of a buyer that was not sent the lead',
  check: 'on a check that was not made',
};

function notes(simulation: SimulationView): string[] {
  const { left_out, fewest_leads: fewest } = simulation;
  const leadsOf = (figure: number | null): string =>
    figure === null ? `${fewIn(simulation)} leads` : leadsIn(figure);
  const left = [
    ...(left_out.erased === 0
      ? []
      : [
          `${leadsOf(left_out.erased)} whose ${left_out.erased === 1 ? 'person was' : 'persons were'} erased`,
        ]),
    ...(left_out.without_round === 0
      ? []
      : [`${leadsOf(left_out.without_round)} for which no round was run`]),
  ];
  return [
    'booked: what the books say. unchanged: decided again without the change. effect: with the change, less unchanged.',
    asBooked(simulation),
    assumptions(simulation),
    ...(left.length > 0 ? [`Left out: ${left.join(', ')}.`] : []),
    ...(fewest === undefined ? [] : [`Over the API, figures of fewer than ${fewest} leads are not shown.`]),
    'Nothing was sent to anyone, and nothing was changed.',
  ];
}

/** How well deciding again reproduces the past. */
function asBooked(simulation: SimulationView): string {
  const { unchanged_as_booked: same, leads } = simulation;
  if (same === leads) return 'Unchanged, every lead comes out as booked.';
  const count = same === null ? fewIn(simulation) : whole(same);
  return `Unchanged, ${count} of ${leadsIn(leads)} come out as booked. The others do not: the market has changed since, or they were sold at the same moment as others. That difference is not an effect of the change.`;
}

function assumptions(simulation: SimulationView): string {
  const { assumed, leads } = simulation;
  if (assumed.leads === 0) return 'With the change, every result rests on what buyers answered.';
  const count = (figure: number | null): string => (figure === null ? fewIn(simulation) : whole(figure));
  const kinds = ASSUMPTIONS.filter((kind) => assumed[kind] !== 0);
  return `With the change, the results of ${count(assumed.leads)} of ${leadsIn(leads)} rest on assumptions: ${kinds.map((kind) => `${count(assumed[kind])} ${RESTS_ON[kind]}`).join(', ')}.`;
}
