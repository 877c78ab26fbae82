import { Command } from 'commander';
import { checkBooks, type BooksCheck } from '../store/checkBooks.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson, table } from './print.js';
import { useDatabase } from './useDatabase.js';

/** `gavel books …` */
export function booksCommand(): Command {
  return new Command('books')
    .description('the ledger and everything that must agree with it')
    .addCommand(
      new Command('check')
        .description('compare sales, ledger, leads’ prices and prepaid balances; 1 where they differ')
        .option('--json', 'print what was compared and what differs as JSON', false)
        .action(check),
    );
}

async function check({ json }: { json: boolean }): Promise<void> {
  const checked = await useDatabase(checkBooks);
  const { differences } = checked;
  if (json) printJson({ ok: differences.length === 0, ...checked });
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
