import type { Command } from 'commander';
import { resolvePost } from '../../../operations/leads/leadActionOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printJson } from '../../../terminal/print.js';
import { statusText } from './statusText.js';

interface Options {
  buyer: string;
  accepted: boolean;
  refused: boolean;
  json: boolean;
}

/** `gavel leads resolve ID` */
export function resolveCommand(): Command {
  return adminCommand('resolve')
    .description('decide on a post that is held for ops: ask the buyer whether it took the lead')
    .argument('<id>', 'the lead_id that the source was answered with')
    .requiredOption('--buyer <id>', 'whose post; `gavel leads list --held` shows which are held')
    .option('--accepted', 'the buyer took the lead: the sale is booked', false)
    .option('--refused', 'the buyer did not take it: the lead goes on to the next bidder', false)
    .option('--json', 'print the lead’s status as JSON', false)
    .action(resolve);
}

async function resolve(given: string, options: Options, command: Command): Promise<void> {
  const { buyer, accepted, refused, json } = options;
  if (accepted === refused)
    throw new CommandFailed(
      'Say what the buyer did with the lead: --accepted if it took it, --refused if it did not.',
    );
  const id = given.trim();
  const lead = await useAdmin(command, (call) => call(resolvePost, { lead_id: id, buyer, accepted }));
  if (json) printJson(lead);
  else {
    const decision = accepted ? `${buyer} took it` : `${buyer} did not take it`;
    print(`Lead ${id}: ${decision}. It is ${statusText(lead)}.`);
  }
}
