import type { Command } from 'commander';
import { showLead, showPerson } from '../../../operations/leads/leadsOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { describeLead } from './describeLead.js';
import { print, printJson } from '../../../terminal/print.js';

interface Options {
  personal: boolean;
  json: boolean;
}

/** `gavel leads show ID` */
export function showCommand(): Command {
  return adminCommand('show')
    .description('show a lead’s whole history: rounds, bids, posts, sales, books, what it waits for')
    .argument('<id>', 'the lead_id that the source was answered with')
    .option('--personal', 'show what the person wrote, which is masked otherwise', false)
    .option('--json', 'print the story as JSON', false)
    .action(show);
}

async function show(id: string, { personal, json }: Options, command: Command): Promise<void> {
  const lead = { lead_id: id.trim() };
  const story = await useAdmin(
    command,
    async (call) => {
      const masked = await call(showLead, lead);
      if (!personal) return masked;
      const { fields, sent } = await call(showPerson, lead);
      return { ...masked, fields, sent };
    },
    { personalData: personal },
  );
  if (json) printJson(story);
  else print(describeLead(story, new Date()));
}
