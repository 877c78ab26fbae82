import { InvalidArgumentError, type Command } from 'commander';
import { showStatement } from '../api/admin/books.js';
import { pointInTime } from '../market/pointInTime.js';
import { adminCommand, useAdmin } from './admin.js';
import { CommandFailed } from './commandFailed.js';
import { print, printCsv, printJson } from './print.js';
import { statementCsv, statementText } from './statementForms.js';

interface Options {
  buyer?: string;
  seller?: string;
  house: boolean;
  from?: string;
  to?: string;
  csv: boolean;
  json: boolean;
}

/** `gavel statement` */
export function statementCommand(): Command {
  return adminCommand('statement')
    .description('sales, returns and top-ups of an account in a period, with the balance before and after')
    .option('--buyer <id>', 'the account of this buyer; what it owes is below zero')
    .option('--seller <code|slug>', 'the account of this seller')
    .option('--house', 'what the house keeps', false)
    .option('--from <date>', 'the first day (2026-11-01), UTC; else that of the last day’s month', day)
    .option('--to <date>', 'the last day, UTC; today unless given', day)
    .option('--csv', 'print it as CSV', false)
    .option('--json', 'print it as JSON', false)
    .action(show);
}

async function show({ csv, json, ...asked }: Options, command: Command): Promise<void> {
  const accounts = [asked.buyer, asked.seller, asked.house || undefined].filter((one) => one !== undefined);
  if (accounts.length !== 1)
    throw new CommandFailed('Name one account: --buyer ID, --seller CODE or --house.');
  if (csv && json) throw new CommandFailed('Choose one of --csv and --json.');
  const statement = await useAdmin(command, (ask) => ask(showStatement, asked));
  if (json) printJson(statement);
  else if (csv) printCsv(statementCsv(statement));
  else print(statementText(statement));
}

function day(text: string): string {
  if (text.length === 10 && pointInTime(text) !== undefined) return text;
  throw new InvalidArgumentError('Write a day like 2026-11-01.');
}
