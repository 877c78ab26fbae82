import type { Command } from 'commander';
import { retryLead } from '../../../operations/leads/leadActionOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson } from '../../../terminal/print.js';
import { statusText } from './statusText.js';

/** `gavel leads retry ID` */
export function retryCommand(): Command {
  return adminCommand('retry')
    .description('run the next round of a pending lead now instead of at its time')
    .argument('<id>', 'the lead_id that the source was answered with')
    .option('--json', 'print the lead’s status as JSON', false)
    .action(retry);
}

async function retry(given: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const id = given.trim();
  const lead = await useAdmin(command, (call) => call(retryLead, { lead_id: id }));
  if (json) printJson(lead);
  else if (lead.round === undefined)
    print(`The next round of lead ${id} is held as soon as a worker takes it; gavel leads show ${id}`);
  else print(`Lead ${id}: round ${lead.round} is held. It is ${statusText(lead)}.`);
}
