import { Command } from 'commander';
import { importCommand, removeCommand } from './suppressionsChange.js';
import { showSuppressions } from '../../../operations/suppressionsOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson, table } from '../../../terminal/print.js';

/** `gavel suppressions …` */
export function suppressionsCommand(): Command {
  return new Command('suppressions')
    .description('manage lists of persons whose leads must not be sold, or not to a buyer')
    .addCommand(importCommand())
    .addCommand(
      adminCommand('list')
        .description(
          'list suppression lists with their sizes; persons can’t be shown, only their hashes are stored',
        )
        .option('--json', 'print the lists as JSON', false)
        .action(list),
    )
    .addCommand(removeCommand());
}

async function list({ json }: { json: boolean }, command: Command): Promise<void> {
  const { lists } = await useAdmin(command, (call) => call(showSuppressions, {}));
  if (json) printJson({ lists });
  else if (lists.length === 0)
    print('There is no list yet. Create one with `gavel suppressions import FILE --seller CODE`.');
  else {
    const rows = lists.map(({ seller, buyer, phones, emails, changed_at }) => [
      buyer === undefined ? (seller ?? 'every seller') : `buyer ${buyer}`,
      String(phones),
      String(emails),
      formatUtc(Date.parse(changed_at)),
    ]);
    print(table(['list of', 'phones', 'e-mails', 'last added'], rows));
  }
}
