import type { Command } from 'commander';
import {
  showUnsoldReasons,
  type ContractReasonsView,
  type UnsoldView,
} from '../../../operations/leads/unsoldOperations.js';
import { withProgress } from '../../../terminal/showProgress.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { reasonInWords } from '../../../market/model/reason.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { parsePastTime } from '../../argumentParsers.js';
import { bars } from '../../../terminal/bars.js';
import { colors, print, printJson } from '../../../terminal/print.js';

interface Options {
  since?: Date;
  until?: Date;
  campaign?: string;
  seller?: string;
  buyer?: string;
  json: boolean;
}

export function reasonsCommand(): Command {
  return adminCommand('reasons')
    .description('count why leads are unsold, for each contract, and show when it has room again')
    .option(
      '--since <when>',
      'leads received since a date, a time, or a duration ago (default: 1d)',
      parsePastTime,
    )
    .option('--until <when>', 'leads received before a date, a time, or a duration ago', parsePastTime)
    .option('--campaign <id>', 'only of this campaign (ACME1234/auto-insurance)')
    .option('--seller <code|slug>', 'only this seller’s')
    .option('--buyer <id>', 'only the reasons of this buyer’s contracts')
    .option('--json', 'print the counts as JSON', false)
    .action(reasons);
}

async function reasons(
  { since = parsePastTime('1d'), until, json, ...which }: Options,
  command: Command,
): Promise<void> {
  const asked = { since: since.toISOString(), until: (until ?? new Date()).toISOString(), ...which };
  const total = await withProgress((progress) =>
    useAdmin(command, (call) => sumOfParts(call, asked, progress)),
  );
  if (json) printJson(total);
  else print(reasonsText(total));
}

async function sumOfParts(
  call: CallOperation,
  asked: Parameters<typeof showUnsoldReasons.run>[1],
  tell: (text: string) => void,
): Promise<UnsoldView> {
  const total = await call(showUnsoldReasons, asked);
  for (let { next } = total; next !== undefined;) {
    tell(`counted ${whole(total.unsold)} unsold leads`);
    const part = await call(showUnsoldReasons, { ...asked, after: next });
    addPart(total, part);
    next = part.next;
  }
  return { ...total, next: undefined };
}

function addPart(total: UnsoldView, part: UnsoldView): void {
  total.unsold += part.unsold;
  total.under_way += part.under_way;
  addAll(total.reasons, part.reasons, ({ reason }) => reason);
  const known = new Map(total.contracts.map((one) => [one.contract, one]));
  for (const contract of part.contracts) {
    const sum = known.get(contract.contract);
    if (sum === undefined) total.contracts.push(contract);
    else {
      sum.leads += contract.leads;
      for (const one of contract.reasons) {
        const same = sum.reasons.find(({ reason, asked }) => reason === one.reason && asked === one.asked);
        if (same) addAll(same.details, one.details, ({ detail }) => detail);
      }
      addAll(sum.reasons, contract.reasons, ({ reason, asked }) => `${asked} ${reason}`);
    }
  }
}

function addAll<T extends { leads: number }>(
  sums: T[],
  added: readonly T[],
  nameOf: (one: T) => string,
): void {
  const known = new Map(sums.map((one) => [nameOf(one), one]));
  for (const one of added) {
    const sum = known.get(nameOf(one));
    if (sum === undefined) sums.push(one);
    else sum.leads += one.leads;
  }
}

const whole = (count: number): string => count.toLocaleString('en-US');
const leadsIn = (count: number): string => `${whole(count)} ${count === 1 ? 'lead' : 'leads'}`;
const percent = (part: number, of: number): string => `${((part / of) * 100).toFixed(1)} %`;
const mostFirst = <T extends { leads: number }>(counts: readonly T[]): T[] =>
  [...counts].sort((a, b) => b.leads - a.leads);

const SHOWN = 30;

export function reasonsText(total: UnsoldView): string {
  const { unsold, under_way, contracts } = total;
  const shown = [...contracts].sort((a, b) => (a.contract < b.contract ? -1 : 1)).slice(0, SHOWN);
  const more = contracts.length - shown.length;
  return [
    periodText(total),
    ...(unsold === 0 ? [] : [ownReasons(total)]),
    ...(under_way === 0
      ? []
      : [`A post of ${leadsIn(under_way)} is under way; these are not counted below.`]),
    ...(shown.length === 0 ? [] : ['What each contract came to in the last rounds of the unsold leads:']),
    ...shown.map(contractText),
    ...(more > 0 ? [`${more} more contracts: name a --campaign or a --buyer, or print --json.`] : []),
  ].join('\n\n');
}

function periodText({ since, until, statuses = {} }: UnsoldView): string {
  const counts = mostFirst(Object.entries(statuses).map(([status, leads]) => ({ status, leads })));
  const all = counts.reduce((sum, { leads }) => sum + leads, 0);
  const period = `from ${formatUtc(new Date(since))} to ${formatUtc(new Date(until))}`;
  if (all === 0) return `No lead was received ${period}, tests not counted.`;
  const chart = bars(
    counts.map(({ status, leads }) => ({
      name: status,
      value: leads,
      label: `${whole(leads)} (${percent(leads, all)})`,
      color: status === 'sold' ? colors.green : colors.yellow,
    })),
  );
  return `${leadsIn(all)} received ${period}, tests not counted:\n${chart}`;
}

function ownReasons({ unsold, reasons }: UnsoldView): string {
  const chart = bars(
    mostFirst(reasons).map(({ reason, leads }) => ({
      name: reason === 'none' ? 'no round yet' : reasonInWords(reason),
      value: leads,
      label: `${whole(leads)} (${percent(leads, unsold)})`,
      color: colors.yellow,
    })),
  );
  return `Why ${leadsIn(unsold)} ${unsold === 1 ? 'is' : 'are'} unsold, by how far the last round came:\n${chart}`;
}

const SHOWN_DETAILS = 3;

function contractText({ contract, leads, reasons, now }: ContractReasonsView): string {
  const chart = bars(
    mostFirst(reasons).map(({ reason, asked, leads: count, details }) => ({
      name: `  ${asked ? 'asked' : 'not asked'}: ${reasonInWords(reason)}`,
      value: count,
      label: `${whole(count)} (${percent(count, leads)})${detailsText(details)}`,
      color: asked ? colors.cyan : colors.yellow,
    })),
  );
  return `${colors.bold(contract)}, ${leadsIn(leads)}; ${nowText(now)}\n${chart}`;
}

function detailsText(details: { detail: string; leads: number }[]): string {
  const shown = mostFirst(details).slice(0, SHOWN_DETAILS);
  const text = shown.map(({ detail, leads }) => `${detail}: ${whole(leads)}`).join(', ');
  return text === '' ? '' : `  ${text}${details.length > shown.length ? ', …' : ''}`;
}

function nowText({ takes_leads, reason = '', detail }: ContractReasonsView['now']): string {
  if (takes_leads) return `takes leads now${detail === undefined ? '' : ` ${detail}`}`;
  return `now: ${reasonInWords(reason)}${detail === undefined ? '' : `: ${detail}`}`;
}
