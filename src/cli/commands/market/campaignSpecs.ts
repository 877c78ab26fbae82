import type { Command } from 'commander';
import { shareSpecs } from '../../../operations/market/specsOperations.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printJson } from '../../../terminal/print.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';

interface Options {
  public: boolean;
  new: boolean;
  revoke: boolean;
  json: boolean;
}

/** `gavel campaigns specs ID` */
export function campaignSpecsCommand(): Command {
  return adminCommand('specs')
    .description('print the link to the specs page of a campaign, for developers of its sources')
    .argument('<id>', 'the campaign’s id, such as ACME1234/auto-insurance')
    .option('--public', 'anybody can read the page, at an address of seller and category', false)
    .option('--new', 'make a new link; older links end', false)
    .option('--revoke', 'end all links', false)
    .option('--json', 'print the result as JSON', false)
    .action(share);
}

async function share(id: string, options: Options, command: Command): Promise<void> {
  const chosen = [options.public, options.new, options.revoke].filter(Boolean).length;
  if (chosen > 1) throw new CommandFailed('Use only one of --public, --new and --revoke.');
  const access = options.public ? 'public' : options.new ? 'new_link' : options.revoke ? 'none' : 'link';
  const [seller = '', category = ''] = id.split('/');
  const shared = await useAdmin(command, (call) => call(shareSpecs, { seller, category, access }));
  if (options.json) printJson(shared);
  else if (shared.path === undefined) print(`The specs page of ${shared.campaign} has no link any longer.`);
  else if (shared.url !== undefined) print(shared.url);
  else print(`${shared.path}\n\nThis is the path on the Lead API. Set PUBLIC_URL to get the whole address.`);
}
