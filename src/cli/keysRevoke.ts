import type { Command } from 'commander';
import { endKey } from '../api/admin/keys.js';
import { adminCommand, useAdmin } from './admin.js';
import { print, printJson } from './print.js';

/** `gavel keys revoke ID` */
export function revokeCommand(): Command {
  return adminCommand('revoke')
    .description('end a key for good; requests with it are refused within 2 s')
    .argument('<id>', 'its id (key_…), or the key itself')
    .option('--json', 'print the outcome as JSON', false)
    .action(revoke);
}

async function revoke(key: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const revoked = await useAdmin(command, (ask) => ask(endKey, { key }));
  if (json) printJson(revoked);
  else print(`${revoked.id} is revoked; requests with it are refused within 2 s.`);
}
