import { Command } from 'commander';
import { showCampaigns, showContracts } from '../../../operations/market/pauseOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { formatDecimal } from '../../../market/money.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { campaignPauses, contractPauses } from './pauseCommands.js';
import { print, printJson, table } from '../../../terminal/print.js';

/** `gavel campaigns …` */
export function campaignsCommand(): Command {
  const command = new Command('campaigns')
    .description('list, pause and resume campaigns')
    .addCommand(
      adminCommand('list')
        .description('list campaigns: whether they are paused, how they sell, how many leads wait')
        .option('--seller <code|slug>', 'only this seller’s')
        .option('--json', 'print the campaigns as JSON', false)
        .action(listCampaigns),
    );
  for (const one of campaignPauses()) command.addCommand(one);
  return command;
}

/** `gavel contracts …` */
export function contractsCommand(): Command {
  const command = new Command('contracts')
    .description('list, pause and resume contracts')
    .addCommand(
      adminCommand('list')
        .description('list contracts: whether they are paused, their price and tier')
        .option('--seller <code|slug>', 'only this seller’s')
        .option('--campaign <id>', 'only of this campaign (ACME1234/auto-insurance)')
        .option('--buyer <id>', 'only this buyer’s')
        .option('--json', 'print the contracts as JSON', false)
        .action(listContracts),
    );
  for (const one of contractPauses()) command.addCommand(one);
  return command;
}

type Listing<Options> = Options & { json: boolean };

async function listCampaigns(
  { json, ...which }: Listing<{ seller?: string }>,
  command: Command,
): Promise<void> {
  const { campaigns } = await useAdmin(command, (call) => call(showCampaigns, which));
  if (json) printJson({ campaigns });
  else if (campaigns.length === 0)
    print('There is no campaign; `gavel apply FILE` with some under campaigns makes them.');
  else {
    const rows = campaigns.map((one) => [
      one.id,
      stateText(one),
      one.mode,
      formatDecimal(one.floor, one.currency),
      String(one.contracts),
      String(one.waiting_leads),
    ]);
    print(table(['campaign', 'state', 'sale', 'floor', 'contracts', 'leads waiting'], rows));
  }
}

async function listContracts(
  { json, ...which }: Listing<{ seller?: string; campaign?: string; buyer?: string }>,
  command: Command,
): Promise<void> {
  const { contracts } = await useAdmin(command, (call) => call(showContracts, which));
  if (json) printJson({ contracts });
  else if (contracts.length === 0) print('There is no such contract.');
  else {
    const rows = contracts.map((one) => [
      one.id,
      stateText(one),
      one.price === undefined ? 'bids' : formatDecimal(one.price, one.currency),
      String(one.tier),
    ]);
    print(table(['contract', 'state', 'price', 'tier'], rows));
  }
}

interface Stands {
  paused: boolean;
  paused_until?: string;
  also_paused?: string;
}

/** `active`, `paused`, `paused until 2026-12-01 09:00:00 UTC`, `its buyer is paused` */
function stateText({ paused, paused_until, also_paused }: Stands): string {
  if (paused_until !== undefined) return `paused until ${formatUtc(new Date(paused_until))}`;
  if (paused) return 'paused';
  return also_paused === undefined ? 'active' : `its ${also_paused} is paused`;
}
