import { Command } from 'commander';
import { moment } from '../market/moment.js';
import { EVERY_SELLER, suppressionLists } from '../store/suppressions.js';
import { print, printJson, table } from './print.js';
import { useDatabase } from './useDatabase.js';

/** `gavel suppressions list` */
export function listCommand(): Command {
  return new Command('list')
    .description('the lists in figures; who is on them can’t be read, only their hashes are kept')
    .option('--json', 'print the lists as JSON', false)
    .action(list);
}

async function list({ json }: { json: boolean }): Promise<void> {
  const lists = await useDatabase(suppressionLists);
  const views = lists.map(({ scope, phones, emails, changedAt }) => ({
    seller: scope === EVERY_SELLER ? undefined : scope,
    phones,
    emails,
    changed_at: changedAt.toISOString(),
  }));
  if (json) printJson({ lists: views });
  else if (views.length === 0)
    print('There is no list yet; `gavel suppressions import FILE --seller CODE` makes one.');
  else {
    const rows = views.map(({ seller, phones, emails, changed_at }) => [
      seller ?? 'every seller',
      String(phones),
      String(emails),
      moment(Date.parse(changed_at)),
    ]);
    print(table(['seller', 'phones', 'e-mails', 'last added'], rows));
  }
}
