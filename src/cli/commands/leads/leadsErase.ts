import type { Command } from 'commander';
import {
  eraseLeads,
  findLeadsOfPerson,
  type LeadErasedView,
} from '../../../operations/leads/leadsOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { confirm, isInteractive } from '../../../terminal/confirm.js';
import { checkPerson, namesPerson, type PersonOptions } from '../../personOptions.js';
import { print, printJson, table } from '../../../terminal/print.js';

interface Options extends PersonOptions {
  seller?: string;
  by?: string;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
}

/** `gavel leads erase ID` */
export function eraseCommand(): Command {
  return adminCommand('erase')
    .description('permanently erase a person’s data; the ledger and an erasure record are kept')
    .argument('[ids...]', 'the lead_id of each')
    .option('--phone <number>', 'instead: every lead of this person')
    .option('--email <address>', 'instead: every lead of this person; with --phone, of who has both')
    .option('--seller <code|slug>', 'only this seller’s leads of the person')
    .option('--by <name>', 'who the erasure record names; you, unless given')
    .option('--yes', 'erase at a terminal without asking', false)
    .option('--dry-run', 'show which leads they are, and change nothing', false)
    .option('--json', 'print the outcome as JSON', false)
    .action(erase);
}

async function erase(ids: string[], options: Options, command: Command): Promise<void> {
  const { by, dryRun, json } = options;
  const persons = namesPerson(options);
  if (ids.length > 0 === persons)
    throw new CommandFailed('Name the leads by their ids, or the person by --phone or --email.');
  checkPerson(options);
  await useAdmin(
    command,
    async (call) => {
      const leadIds = persons ? await leadsOf(call, options) : ids.map((id) => id.trim());
      if (dryRun) tellLeads(leadIds, json);
      else {
        await confirmed(leadIds.length, options);
        tellOutcomes(await eraseAll(call, leadIds, by), json);
      }
    },
    { personalData: persons },
  );
}

/** Asks a person at a terminal; a program goes on. @throws CommandFailed if the answer is no */
async function confirmed(count: number, { yes, json }: Options): Promise<void> {
  if (count === 0 || yes || json || !isInteractive()) return;
  const leads = count === 1 ? 'the person of 1 lead' : `the persons of ${count} leads`;
  if (await confirm(`Permanently erase ${leads}? The data can't be restored.`)) return;
  throw new CommandFailed('Nothing was erased.', 4);
}

const PAGE = 500;

/** Every lead of the person. */
async function leadsOf(call: CallOperation, { seller, phone, email }: Options): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await call(findLeadsOfPerson, { phone, email, seller, before: ids.at(-1), limit: PAGE });
    ids.push(...page.leads.map(({ lead_id }) => lead_id));
    if (!page.more) return ids;
  }
}

/** Leads per request: each may wait some seconds for its workflow. */
const AT_ONCE = 10;

async function eraseAll(
  call: CallOperation,
  leadIds: string[],
  by: string | undefined,
): Promise<LeadErasedView[]> {
  const outcomes: LeadErasedView[] = [];
  for (let i = 0; i < leadIds.length; i += AT_ONCE) {
    const { leads } = await call(eraseLeads, { lead_ids: leadIds.slice(i, i + AT_ONCE), by });
    outcomes.push(...leads);
  }
  return outcomes;
}

function tellLeads(leadIds: string[], json: boolean): void {
  if (json) printJson({ dry_run: true, leads: leadIds });
  else print([...leadIds, `${leadIds.length} would be erased; nothing was changed.`].join('\n'));
}

/** @throws CommandFailed if a lead could not be erased */
function tellOutcomes(leads: LeadErasedView[], json: boolean): void {
  if (json) printJson({ leads });
  else if (leads.length === 0) print('There is no such lead.');
  else print(table(['lead', 'outcome', 'when', 'by', 'SHA-256 of what was there'], leads.map(row)));
  const open = leads.filter(({ outcome }) => outcome === 'held' || outcome === 'unknown');
  if (open.length > 0) {
    throw new CommandFailed(
      `${open.length} of ${leads.length} could not be erased. One that is held waits for a buyer’s answer: try it again later.`,
    );
  }
}

const WORDS: Record<LeadErasedView['outcome'], string> = {
  erased: 'erased',
  already: 'erased before',
  held: 'held by a buyer',
  unknown: 'no such lead',
};

const row = ({ lead_id, outcome, erased_at, by = '', sha256 = '' }: LeadErasedView): string[] => [
  lead_id,
  WORDS[outcome],
  erased_at === undefined ? '' : formatUtc(Date.parse(erased_at)),
  by,
  sha256,
];
