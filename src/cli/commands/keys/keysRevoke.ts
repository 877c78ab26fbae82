import type { Command } from 'commander';
import { revokeKeyOperation } from '../../../operations/keys/keysOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { parseFutureTime } from '../../argumentParsers.js';
import { print, printJson } from '../../../terminal/print.js';

interface Options {
  at?: Date;
  json: boolean;
}

/** `gavel keys revoke ID` */
export function revokeCommand(): Command {
  return adminCommand('revoke')
    .description('permanently revoke a key; requests with it are refused within 2 s')
    .argument('<id>', 'its id (key_…), or the key itself')
    .option('--at <when>', 'revoke it at a date, a time, or a duration from now (7d)', parseFutureTime)
    .option('--json', 'print the outcome as JSON', false)
    .action(revoke);
}

async function revoke(key: string, { at, json }: Options, command: Command): Promise<void> {
  const asked = { key, expires_at: at?.toISOString() };
  const ended = await useAdmin(command, (call) => call(revokeKeyOperation, asked));
  if (json) printJson(ended);
  else if (at === undefined) print(`${ended.id} is revoked; requests with it are refused within 2 s.`);
  else print(`${ended.id} is valid until ${formatUtc(at)}; requests with it are refused from then on.`);
  if (!json && ended.made) print(`Keys that were created with it stay valid: ${ended.made.join(', ')}.`);
}
