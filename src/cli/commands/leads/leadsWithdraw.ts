import type { Command } from 'commander';
import { withdrawLeadOperation } from '../../../operations/leads/leadsOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printJson } from '../../../terminal/print.js';

/** `gavel leads withdraw ID` */
export function withdrawCommand(): Command {
  return adminCommand('withdraw')
    .description('permanently take a lead off sale; fails if it is sold')
    .argument('<id>', 'the lead_id that the source was answered with')
    .option('--json', 'print the lead’s status as JSON', false)
    .action(take);
}

async function take(given: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const lead = await useAdmin(command, (call) => call(withdrawLeadOperation, { lead_id: given.trim() }));
  if (json) printJson(lead);
  if (lead.status === 'sold') throw new CommandFailed(`Lead ${lead.lead_id} is sold; it can't be withdrawn.`);
  if (!json) print(inWords(lead.lead_id, lead.status));
}

function inWords(id: string, status: string): string {
  if (status === 'pending')
    return `Lead ${id} is withdrawn, but a buyer has it: it ends as withdrawn unless that buyer takes it.`;
  return `Lead ${id} is ${status}.`;
}
