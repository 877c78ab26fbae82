import { Command } from 'commander';
import { leadView } from '../api/leadAnswer.js';
import { withdrawLead } from '../api/withdrawLead.js';
import { pickSettings } from '../config.js';
import { findStoredLead } from '../store/leads.js';
import { openWithdrawer } from '../temporal/withdraw.js';
import { CommandFailed } from './commandFailed.js';
import { print, printJson } from './print.js';
import { useDatabase } from './useDatabase.js';

/** `gavel leads withdraw ID` */
export function withdrawCommand(): Command {
  return new Command('withdraw')
    .description('take a lead off sale for good; one that is sold stays sold')
    .argument('<id>', 'the lead_id that the source was answered with')
    .option('--json', 'print how the lead stands as JSON', false)
    .action(withdraw);
}

async function withdraw(given: string, { json }: { json: boolean }): Promise<void> {
  const id = given.trim();
  const withdrawer = openWithdrawer(pickSettings(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']));
  try {
    const lead = await useDatabase(async (database) => {
      const found = await findStoredLead(database, id);
      if (found === null)
        throw new CommandFailed(`The store has no lead "${id}"; its id is the lead_id of the answer.`);
      return withdrawLead(database, found, (leadId) => withdrawer.withdraw(leadId));
    });
    if (lead === undefined)
      throw new CommandFailed(
        `A buyer is being offered lead ${id}, and no worker answers. Nothing was changed; start a worker, or try again.`,
      );
    if (json) printJson(leadView(lead));
    else print(inWords(id, leadView(lead).status));
  } finally {
    await withdrawer.close();
  }
}

function inWords(id: string, status: string): string {
  if (status === 'pending') return `Lead ${id} is with a buyer; it ends when the buyer does not take it.`;
  return `Lead ${id} is ${status}.`;
}
