import { Command } from 'commander';
import { listKeys } from '../store/keys.js';
import { keyView, type KeyView } from './keyView.js';
import { print, printJson, table } from './print.js';
import { sellerNamed } from './sellerNamed.js';
import { useDatabase } from './useDatabase.js';

/** `gavel keys list` */
export function listCommand(): Command {
  return new Command('list')
    .description('the keys, oldest first; never the keys themselves, of which only hashes are kept')
    .option('--seller <code|slug>', 'only this seller’s')
    .option('--json', 'print the keys as JSON', false)
    .action(list);
}

async function list({ seller, json }: { seller?: string; json: boolean }): Promise<void> {
  const keys = await useDatabase(async (database) => {
    const code = seller === undefined ? undefined : (await sellerNamed(database, seller)).code;
    return listKeys(database, code === undefined ? {} : { seller: code });
  });
  const views = keys.map((key) => keyView(key, new Date()));
  if (json) printJson({ keys: views });
  else if (views.length === 0) print('There is no key yet; `gavel keys create --seller CODE` makes one.');
  else
    print(table(['id', 'of', 'source', 'leads', 'a minute', 'status', 'created', 'expires'], views.map(row)));
}

const day = (at: string | undefined): string => at?.slice(0, 10) ?? 'never';

const row = ({
  id,
  seller,
  buyer,
  source,
  test,
  limit,
  status,
  created_at,
  expires_at,
}: KeyView): string[] => [
  id,
  seller ?? `buyer ${buyer ?? ''}`,
  seller === undefined ? '' : source,
  seller === undefined ? '' : test ? 'test' : 'live',
  limit === undefined ? 'default' : String(limit),
  status,
  day(created_at),
  day(expires_at),
];
