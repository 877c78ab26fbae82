import { Command } from 'commander';
import { checkBooksOperation } from '../../../operations/books/booksOperations.js';
import type { BooksCheck, BooksDifference } from '../../../store/books/checkBooks.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson, table } from '../../../terminal/print.js';

/** `gavel books …` */
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
