import { Command } from 'commander';
import { compareBooks } from '../api/admin/books.js';
import type { BooksCheck } from '../store/checkBooks.js';
import { adminCommand, useAdmin } from './admin.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson, table } from './print.js';

/** `gavel books …` */
export function booksCommand(): Command {
  return new Command('books')
    .description('the ledger and everything that must agree with it')
    .addCommand(
      adminCommand('check')
        .description('compare sales, ledger, leads’ prices and prepaid balances; 1 where they differ')
        .option('--json', 'print what was compared and what differs as JSON', false)
        .action(check),
    );
}

async function check({ json }: { json: boolean }, command: Command): Promise<void> {
  const checked = await useAdmin(command, (ask) => ask(compareBooks, {}));
  const { differences } = checked;
  if (json) printJson(checked);
  else if (differences.length > 0)
    print(
      table(
        ['what', 'id', 'difference'],
        differences.map(({ what, id, detail }) => [what, id, detail]),
      ),
    );
  if (differences.length > 0)
    throw new CommandFailed(`The books differ in ${counted(differences.length, 'place')}.`);
  if (!json) print(agreed(checked));
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const agreed = ({ sales, leads, balances }: BooksCheck): string =>
  `The books agree: ${counted(sales, 'sale')}, ${counted(leads, 'lead')}, ${counted(balances, 'prepaid balance')}.`;
