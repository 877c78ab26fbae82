import { Command, InvalidArgumentError } from 'commander';
import {
  showCampaigns,
  showContracts,
  pauseBuyer,
  pauseCampaign,
  pauseContract,
  pauseEnd,
  resumeBuyer,
  resumeCampaign,
  resumeContract,
  type PauseView,
} from '../../../operations/market/pauseOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { formatDecimal } from '../../../market/money.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { campaignSpecsCommand } from './campaignSpecs.js';
import { print, printJson, table } from '../../../terminal/print.js';
import type { CallOperation } from '../../callOperation.js';

export function campaignsCommand(): Command {
  const command = new Command('campaigns')
    .description('list, share, pause and resume campaigns')
    .addCommand(
      adminCommand('list')
        .description('list campaigns: whether they are paused, how they sell, how many leads wait')
        .option('--seller <code|slug>', 'only this seller’s')
        .option('--json', 'print the campaigns as JSON', false)
        .action(listCampaigns),
    );
  command.addCommand(campaignSpecsCommand());
  for (const one of campaignPauses()) command.addCommand(one);
  return command;
}

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

async function listCampaigns(
  { json, ...which }: { seller?: string; json: boolean },
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
  { json, ...which }: { seller?: string; campaign?: string; buyer?: string; json: boolean },
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

/** `active`, `paused`, `paused until 2026-12-01 09:00:00 UTC`, `its buyer is paused` */
function stateText(state: { paused: boolean; paused_until?: string; also_paused?: string }): string {
  const { paused, paused_until, also_paused } = state;
  if (paused_until !== undefined) return `paused until ${formatUtc(new Date(paused_until))}`;
  if (paused) return 'paused';
  return also_paused === undefined ? 'active' : `its ${also_paused} is paused`;
}

interface Kind {
  one: string;
  example: string;
  pause: (call: CallOperation, id: string, until: string | undefined) => Promise<PauseView>;
  resume: (call: CallOperation, id: string) => Promise<PauseView>;
}

const BUYER: Kind = {
  one: 'buyer',
  example: 'northwind',
  pause: (call, buyer_id, until) => call(pauseBuyer, { buyer_id, until }),
  resume: (call, buyer_id) => call(resumeBuyer, { buyer_id }),
};

const CAMPAIGN: Kind = {
  one: 'campaign',
  example: 'ACME1234/auto-insurance',
  pause: (call, id, until) => call(pauseCampaign, { ...campaignIn(id), until }),
  resume: (call, id) => call(resumeCampaign, campaignIn(id)),
};

const CONTRACT: Kind = {
  one: 'contract',
  example: 'ACME1234/auto-insurance/northwind',
  pause: (call, id, until) => call(pauseContract, { ...contractIn(id), until }),
  resume: (call, id) => call(resumeContract, contractIn(id)),
};

export const buyerPauses = (): Command[] => commandsOf(BUYER, (text) => text);
const campaignPauses = (): Command[] => commandsOf(CAMPAIGN, idOf(CAMPAIGN, /^[^/]+\/[^/]+$/));
const contractPauses = (): Command[] => commandsOf(CONTRACT, idOf(CONTRACT, /^[^/]+\/[^/]+\/[^/]+$/));

function commandsOf({ one, example, pause, resume }: Kind, id: (text: string) => string): Command[] {
  const what = `the ${one}’s id, such as ${example}`;
  const print = (state: PauseView, { json }: { json: boolean }): void => {
    if (json) printJson(state);
    else printState(state);
  };
  return [
    adminCommand('pause')
      .description(`pause a ${one} now: it takes no lead until it is resumed`)
      .argument('<id>', what, id)
      .option(
        '--until <when>',
        'resume it then automatically: a time with its offset, or a duration from now (2h, 3d)',
        end,
      )
      .option('--json', 'print the new state as JSON', false)
      .action(async (named: string, options: { until?: string; json: boolean }, command: Command) => {
        print(await useAdmin(command, (call) => pause(call, named, options.until)), options);
      }),
    adminCommand('resume')
      .description(`resume a paused ${one}; leads that wait are offered to it at once`)
      .argument('<id>', what, id)
      .option('--json', 'print the new state as JSON', false)
      .action(async (named: string, options: { json: boolean }, command: Command) => {
        print(await useAdmin(command, (call) => resume(call, named)), options);
      }),
  ];
}

function printState({ kind, id, paused, paused_until, changed, waiting_leads: waiting }: PauseView): void {
  const until = paused_until === undefined ? '' : ` until ${formatUtc(new Date(paused_until))}`;
  const active = changed ? 'is resumed' : 'is not paused';
  const now = paused ? `is paused${until || ' until it is resumed'}` : active;
  const where = kind === 'campaign' ? 'in it' : `in its campaign${kind === 'buyer' ? 's' : ''}`;
  print(`The ${kind} ${id} ${now}${changed ? '' : ', as before'}.`);
  print(waiting === 1 ? `1 unsold lead waits ${where}.` : `${waiting} unsold leads wait ${where}.`);
}

const idOf =
  ({ one, example }: Kind, form: RegExp) =>
  (text: string): string => {
    if (form.test(text)) return text;
    throw new InvalidArgumentError(`Write a ${one}’s id, such as ${example}; gavel ${one}s list shows them.`);
  };

function campaignIn(id: string): { seller: string; category: string } {
  const [seller = '', category = ''] = id.split('/');
  return { seller, category };
}

function contractIn(id: string): { seller: string; category: string; buyer_id: string } {
  const [seller = '', category = '', buyer_id = ''] = id.split('/');
  return { seller, category, buyer_id };
}

/** The text itself: a duration counts from when the pause is made. */
function end(text: string): string {
  const at = pauseEnd(text, Date.now());
  if (at === undefined)
    throw new InvalidArgumentError(
      'Write a time with its offset from UTC like 2026-12-01T09:00:00-06:00 (or …Z), or a duration like 2h or 3d.',
    );
  if (at <= Date.now()) throw new InvalidArgumentError(`${formatUtc(at)} has passed already.`);
  return text;
}
