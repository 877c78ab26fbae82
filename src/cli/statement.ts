import { Command, InvalidArgumentError } from 'commander';
import { buyerAccount } from '../market/usage.js';
import type { Database } from '../store/db.js';
import { HOUSE, sellerAccount } from '../store/ledger.js';
import { statementOf } from '../store/statement.js';
import { buyerNamed } from '../api/admin/named.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson } from './print.js';
import { sellerNamed } from '../api/admin/named.js';
import { statementCsv, statementJson, statementText, type Headed } from './statementForms.js';
import { useDatabase } from './useDatabase.js';

interface Options {
  buyer?: string;
  seller?: string;
  house: boolean;
  from?: Date;
  to?: Date;
  csv: boolean;
  json: boolean;
}

const DAY_MS = 86_400_000;

/** `gavel statement` */
export function statementCommand(): Command {
  return new Command('statement')
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

async function show(options: Options): Promise<void> {
  const to = options.to ?? new Date();
  const from = options.from ?? new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), 1));
  const until = new Date((Math.floor(to.getTime() / DAY_MS) + 1) * DAY_MS);
  if (from >= until) throw new CommandFailed('The last day of the statement is before its first.');
  if (options.csv && options.json) throw new CommandFailed('Choose one of --csv and --json.');
  const statement = await useDatabase(async (database): Promise<Headed> => {
    const account = await accountOf(database, options);
    return { account, from, to, currencies: await statementOf(database, account, { from, until }) };
  });
  if (options.json) printJson(statementJson(statement));
  else if (options.csv) process.stdout.write(statementCsv(statement));
  else print(statementText(statement));
}

/** The one account that is asked for; buyers that have left the market keep theirs. */
async function accountOf(database: Database, { buyer, seller, house }: Options): Promise<string> {
  const asked = [buyer, seller, house || undefined].filter((one) => one !== undefined);
  if (asked.length !== 1) throw new CommandFailed('Name one account: --buyer ID, --seller CODE or --house.');
  if (buyer !== undefined) return buyerAccount((await buyerNamed(database, buyer)).id);
  return seller === undefined ? HOUSE : sellerAccount((await sellerNamed(database, seller)).code);
}

function day(text: string): Date {
  const at = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text))
    return at;
  throw new InvalidArgumentError('Write a day like 2026-11-01.');
}
