import type { Command } from 'commander';
import { showKeys, type KeyView } from '../../../operations/keys/keysOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson, table, type Cell } from '../../../terminal/print.js';

/** `gavel keys list` */
export function listCommand(): Command {
  return adminCommand('list')
    .description('list keys, oldest first; the keys themselves are not shown, only their hashes are stored')
    .option('--seller <code|slug>', 'only this seller’s')
    .option('--json', 'print the keys as JSON', false)
    .action(list);
}

async function list({ seller, json }: { seller?: string; json: boolean }, command: Command): Promise<void> {
  const { keys } = await useAdmin(command, (call) => call(showKeys, { seller }));
  if (json) printJson({ keys });
  else if (keys.length === 0)
    print('There is no key yet. Create one with `gavel keys create --seller CODE`.');
  else
    print(
      table(
        ['id', 'of', 'source', 'is for', 'a minute', 'status', 'created', 'by', 'expires'],
        keys.map(row),
      ),
    );
}

const row = (key: KeyView): Cell[] => [
  key.id,
  ownerOf(key),
  key.seller === undefined ? '' : key.source,
  purposeOf(key),
  key.limit === undefined ? 'default' : String(key.limit),
  key.status,
  key.created_at.slice(0, 10),
  key.made_by ?? '',
  key.expires_at === undefined ? 'never' : formatUtc(new Date(key.expires_at)),
];

function ownerOf({ seller, buyer, admin = '' }: KeyView): string {
  if (seller !== undefined) return seller;
  return buyer === undefined ? `admin ${admin}` : `buyer ${buyer}`;
}

function purposeOf({ seller, scopes, test }: KeyView): Cell {
  if (scopes !== undefined) return wrapped(scopes);
  if (seller === undefined) return 'returns';
  return test ? 'test leads' : 'live leads';
}

/** Characters of a line of scopes. */
const WIDEST = 48;

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDEST) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
