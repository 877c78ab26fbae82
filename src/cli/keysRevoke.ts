import { Command } from 'commander';
import { findKey, looksLikeKey, revokeKey } from '../store/keys.js';
import type { Database } from '../store/db.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson } from './print.js';
import { useDatabase } from './useDatabase.js';

/** `gavel keys revoke ID` */
export function revokeCommand(): Command {
  return new Command('revoke')
    .description('end a key for good; requests with it are refused within 2 s')
    .argument('<id>', 'its id (key_…), or the key itself')
    .option('--json', 'print the outcome as JSON', false)
    .action(revoke);
}

async function revoke(given: string, { json }: { json: boolean }): Promise<void> {
  const id = await useDatabase(async (database) => {
    const key = await keyNamed(database, given);
    if (key === null) throw new CommandFailed(`There is no such key; \`gavel keys list\` shows them all.`);
    if (!(await revokeKey(database, key._id))) throw new CommandFailed(`${key._id} is revoked already.`);
    return key._id;
  });
  if (json) printJson({ id, status: 'revoked' });
  else print(`${id} is revoked; requests with it are refused within 2 s.`);
}

/** Whoever finds a key where it should not be has the key and not its id. */
const keyNamed = async (database: Database, given: string) =>
  looksLikeKey(given) ? findKey(database, given) : database.keys.findOne({ _id: given });
