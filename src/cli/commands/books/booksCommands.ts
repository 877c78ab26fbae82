import { Command, InvalidArgumentError } from 'commander';
import { checkBooksOperation, showStatement } from '../../../operations/books/booksOperations.js';
import type { BooksCheck, BooksDifference } from '../../../store/books/checkBooks.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson, table, printCsv } from '../../../terminal/print.js';
import { parseIsoTime } from '../../../market/calendar/isoTime.js';
import { parseCount } from '../../argumentParsers.js';
import { CSV_HEAD, statementCsv, statementText } from './statementText.js';

export function booksCommand(): Command {
  return new Command('books')
    .description('check the ledger and all data that must agree with it')
    .addCommand(
      adminCommand('check')
        .description('compare sales, ledger, leads’ prices and prepaid balances; exit with 1 if they differ')
        .option('--json', 'print what was compared and what differs as JSON', false)
        .action(check),
    );
}

async function check({ json }: { json: boolean }, command: Command): Promise<void> {
  const checked = await useAdmin(command, compareAll);
  const { differences, differing } = checked;
  if (json) printJson(checked);
  else if (differences.length > 0)
    print(
      table(
        ['what', 'id', 'difference'],
        differences.map(({ what, id, detail }) => [what, id, detail]),
      ),
    );
  if (!json && differing > differences.length)
    printError(`These are the first ${differences.length} of ${differing} differences.`);
  if (differing > 0) throw new CommandFailed(`The books differ in ${counted(differing, 'place')}.`);
  if (!json) print(agreed(checked));
}

/** Part by part: a remote admin API limits how much one request compares. */
async function compareAll(call: CallOperation): Promise<BooksCheck & { ok: boolean }> {
  const sum = {
    ok: true,
    sales: 0,
    leads: 0,
    balances: 0,
    differing: 0,
    differences: [] as BooksDifference[],
  };
  for (let after: string | undefined; ;) {
    const part = await call(checkBooksOperation, { after });
    sum.ok &&= part.ok;
    for (const key of ['sales', 'leads', 'balances', 'differing'] as const) sum[key] += part[key];
    sum.differences.push(...part.differences.slice(0, MOST_SHOWN - sum.differences.length));
    if (part.next === undefined) return sum;
    after = part.next;
  }
}

const MOST_SHOWN = 1000;

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const agreed = ({ sales, leads, balances }: BooksCheck): string =>
  `The books agree: ${counted(sales, 'sale')}, ${counted(leads, 'lead')}, ${counted(balances, 'prepaid balance')}.`;

interface Options {
  buyer?: string;
  seller?: string;
  house: boolean;
  from?: string;
  to?: string;
  limit: number;
  after?: string;
  csv: boolean;
  json: boolean;
}

export function statementCommand(): Command {
  return adminCommand('statement')
    .description(
      'print sales, returns and top-ups of an account in a period, with the balance before and after',
    )
    .option('--buyer <id>', 'the account of this buyer; what it owes is below zero')
    .option('--seller <code|slug>', 'the account of this seller')
    .option('--house', 'what the house keeps', false)
    .option('--from <date>', 'the first day (2026-11-01), UTC; else that of the last day’s month', day)
    .option('--to <date>', 'the last day, UTC; today unless given', day)
    .option(
      '--limit <count>',
      'print at most this number of bookings; with --csv, at a time',
      parseCount,
      1000,
    )
    .option('--after <cursor>', 'continue after an earlier page, with the cursor that it printed')
    .option('--csv', 'print all of it as CSV', false)
    .option('--json', 'print it as JSON', false)
    .action(show);
}

async function show({ csv, json, ...asked }: Options, command: Command): Promise<void> {
  const accounts = [asked.buyer, asked.seller, asked.house || undefined].filter((one) => one !== undefined);
  if (accounts.length !== 1)
    throw new CommandFailed('Name one account: --buyer ID, --seller CODE or --house.');
  if (csv && json) throw new CommandFailed('Choose one of --csv and --json.');
  if (csv) {
    await useAdmin(command, (call) => printPages(call, asked));
    return;
  }
  const statement = await useAdmin(command, (call) => call(showStatement, asked));
  if (json) printJson(statement);
  else print(statementText(statement));
  if (statement.next !== undefined)
    printError(
      `There are more bookings than these ${asked.limit}: --after ${statement.next} shows the next, --csv all of them.`,
    );
}

/** Keeps one page in memory, however long the statement is. */
async function printPages(call: CallOperation, asked: Omit<Options, 'csv' | 'json'>): Promise<void> {
  let head = CSV_HEAD;
  for (let next = { ...asked }; ;) {
    const page = await call(showStatement, next);
    await printCsv(head + statementCsv(page));
    if (page.next === undefined) return;
    head = '';
    // The last day of the first page: at midnight today is another day.
    next = { ...next, from: page.from, to: page.to, after: page.next };
  }
}

function day(text: string): string {
  if (text.length === 10 && parseIsoTime(text) !== undefined) return text;
  throw new InvalidArgumentError('Write a day like 2026-11-01.');
}
