import { stripVTControlCharacters } from 'node:util';
import { moment } from '../market/moment.js';
import { formatMoney, toDecimal, type Minor } from '../market/money.js';
import type { BidModel } from '../market/whatIf/model.js';
import { compareBuyers, type Compared, type Tally } from '../market/whatIf/tally.js';
import { ASSUMPTIONS, type Assumption } from '../market/whatIf/voices.js';
import type { WhatIf } from '../market/whatIf/whatIf.js';
import type { Change } from '../store/applyPlan.js';
import type { LeftOut, Period } from '../store/readPast.js';
import { bars } from './bars.js';
import { changeLines } from './describeChanges.js';
import { colors, table } from './print.js';

export interface Simulation extends WhatIf {
  period: Period;
  /** Where the change was read from. */
  file: string;
  /** What it changes of the market. */
  changes: Change[];
  models: (BidModel & { contract: string; currency: string })[];
  leftOut: LeftOut;
}

type InCurrency = Simulation['currencies'][number];

const whole = (amount: number): string => amount.toLocaleString('en-US');
const leadsIn = (amount: number): string => `${whole(amount)} ${amount === 1 ? 'lead' : 'leads'}`;
const percent = (part: number, of: number): string => `${((of === 0 ? 0 : part / of) * 100).toFixed(1)} %`;

/** A simulation on a terminal. */
export function simulationText(simulation: Simulation): string {
  const { period, file, changes, models, currencies, leads } = simulation;
  return [
    `${leadsIn(leads)} received since ${moment(period.since)}, decided again under ${file}:`,
    [...changes.flatMap(changeLines), ...models.map(modelLine)].join('\n'),
    ...currencies.flatMap(currencyText),
    notes(simulation).join('\n'),
  ].join('\n\n');
}

function modelLine({ contract, currency, bids, bidsOn, accepts }: Simulation['models'][number]): string {
  const money = (amount: Minor): string => formatMoney(amount, currency);
  const amounts = bids && `bids ${money(bids.lowest)} to ${money(bids.highest)} on ${bidsOn} % of leads, `;
  return colors.yellow(`~ model of ${contract}: ${amounts ?? ''}accepts ${accepts} % of those it is sent`);
}

function currencyText({ currency, before, after }: InCurrency): string[] {
  const money = (amount: Minor): string => formatMoney(amount, currency);
  const buyers = compareBuyers(before, after);
  const won = buyers.map(({ buyer, won, spent }) => [
    buyer,
    ...compared(won, whole),
    ...compared(spent, money),
    relative(spent),
  ]);
  const chart = buyers.flatMap(({ buyer, spent }) => [
    { name: buyer, value: spent.before, label: money(spent.before), color: colors.dim },
    { name: '', value: spent.after, label: money(spent.after), color: colors.cyan },
  ]);
  return [
    table(...rightAligned(['', 'before', 'after', 'change', ''], totals(before, after, money))),
    ...(buyers.length === 0
      ? []
      : [
          table(...rightAligned(['buyer', 'won', '→', 'change', 'spent', '→', 'change', ''], won)),
          `What each buyer spends, ${colors.dim('before')} and ${colors.cyan('after')}:\n${bars(chart)}`,
        ]),
  ];
}

function totals(before: Tally, after: Tally, money: (amount: Minor) => string): string[][] {
  const both = (of: (tally: Tally) => number): Compared => ({ before: of(before), after: of(after) });
  const amounts = (name: string, of: (tally: Tally) => Minor): string[] => [
    name,
    ...compared(both(of), money),
    relative(both(of)),
  ];
  const sold = both((tally) => tally.sold);
  return [
    ['leads', whole(before.leads), whole(after.leads), '', ''],
    ['sold', ...compared(sold, whole), relative(sold)],
    ['of the leads', percent(before.sold, before.leads), percent(after.sold, after.leads), '', ''],
    amounts('buyers pay', ({ revenue }) => revenue),
    amounts('sellers earn', ({ earned }) => earned),
    amounts('the house keeps', ({ revenue, earned }) => revenue - earned),
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

function notes({ assumed, leads, unchanged, leftOut }: Simulation): string[] {
  const kinds = ASSUMPTIONS.filter((kind) => assumed.by[kind] > 0);
  const by = kinds.map((kind) => `${whole(assumed.by[kind])} on ${RESTS_ON[kind]}`).join(', ');
  const rest = assumed.leads === 1 ? 'rests' : 'rest';
  const left = [
    ...(leftOut.erased > 0 ? [`${leadsIn(leftOut.erased)} whose persons were erased`] : []),
    ...(leftOut.unheld > 0 ? [`${leadsIn(leftOut.unheld)} for which no round was held`] : []),
  ];
  return [
    assumed.leads === 0
      ? 'All of it rests on what buyers have said.'
      : `${leadsIn(assumed.leads)} ${rest} on an assumption: ${by}.`,
    ...(unchanged === leads
      ? []
      : [
          `Without the change, ${whole(unchanged)} of ${whole(leads)} would be sold as they were; for the others the market has changed since, or they were decided at the same time as others.`,
        ]),
    ...(left.length > 0 ? [`Left out: ${left.join(', ')}.`] : []),
    'Nothing was sent to anyone, and nothing was changed.',
  ];
}

/** A simulation for programs: amounts as decimals, times in ISO 8601. */
export function simulationJson(simulation: Simulation) {
  const { period, file, changes, models, currencies, leads, unchanged, assumed, leftOut } = simulation;
  return {
    since: period.since.toISOString(),
    until: period.until.toISOString(),
    file,
    changes,
    models: models.map(({ contract, currency, bids, bidsOn, accepts }) => ({
      contract,
      lowest: bids && toDecimal(bids.lowest, currency),
      highest: bids && toDecimal(bids.highest, currency),
      bids_on_percent: bidsOn,
      accepts_percent: accepts,
    })),
    leads,
    left_out: leftOut,
    without_change: { sold_as_before: unchanged },
    assumed: { leads: assumed.leads, ...assumed.by },
    currencies: currencies.map(({ currency, before, after }) => ({
      currency,
      before: tallyJson(before, currency),
      after: tallyJson(after, currency),
      buyers: compareBuyers(before, after).map(({ buyer, won, spent }) => ({
        buyer,
        won,
        spent: { before: toDecimal(spent.before, currency), after: toDecimal(spent.after, currency) },
      })),
    })),
  };
}

const tallyJson = ({ leads, sold, revenue, earned }: Tally, currency: string) => ({
  leads,
  sold,
  revenue: toDecimal(revenue, currency),
  sellers_earn: toDecimal(earned, currency),
  house_keeps: toDecimal(revenue - earned, currency),
});
