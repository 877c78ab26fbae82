import { Command } from 'commander';
import { importCommand } from './import/leadsImport.js';
import { listCommand } from './leadsList.js';
import { reasonsCommand } from './leadsReasons.js';
import {
  showLead,
  showPerson,
  withdrawLeadOperation,
  showErasures,
  type ErasureView,
  eraseLeads,
  findLeadsOfPerson,
  type LeadErasedView,
} from '../../../operations/leads/leadsOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { describeLead } from './describeLead.js';
import { print, printJson, table } from '../../../terminal/print.js';
import { retryLead, resolvePost } from '../../../operations/leads/leadActionOperations.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { parsePastTime } from '../../argumentParsers.js';
import { reasonInWords } from '../../../market/model/reason.js';
import type { CallOperation } from '../../callOperation.js';
import { confirm, isInteractive } from '../../../terminal/confirm.js';
import { checkPerson, namesPerson, type PersonOptions } from '../../personOptions.js';

export function leadsCommand(): Command {
  return new Command('leads')
    .description('import, list, show, retry, withdraw and erase leads')
    .addCommand(importCommand())
    .addCommand(listCommand())
    .addCommand(
      adminCommand('show')
        .description('show a lead’s whole history: rounds, bids, posts, sales, books, what it waits for')
        .argument('<id>', 'the lead_id that the source was answered with')
        .option('--personal', 'show what the person wrote, which is masked otherwise', false)
        .option('--json', 'print the story as JSON', false)
        .action(show),
    )
    .addCommand(
      adminCommand('retry')
        .description('run the next round of a pending lead now instead of at its time')
        .argument('<id>', 'the lead_id that the source was answered with')
        .option('--json', 'print the lead’s status as JSON', false)
        .action(retry),
    )
    .addCommand(
      adminCommand('resolve')
        .description('decide on a post that is held for ops: ask the buyer whether it took the lead')
        .argument('<id>', 'the lead_id that the source was answered with')
        .requiredOption('--buyer <id>', 'whose post; `gavel leads list --held` shows which are held')
        .option('--accepted', 'the buyer took the lead: the sale is booked', false)
        .option('--refused', 'the buyer did not take it: the lead goes on to the next bidder', false)
        .option('--json', 'print the lead’s status as JSON', false)
        .action(resolve),
    )
    .addCommand(reasonsCommand())
    .addCommand(
      adminCommand('withdraw')
        .description('permanently take a lead off sale; fails if it is sold')
        .argument('<id>', 'the lead_id that the source was answered with')
        .option('--json', 'print the lead’s status as JSON', false)
        .action(withdraw),
    )
    .addCommand(eraseCommand())
    .addCommand(
      adminCommand('erasures')
        .description('list which leads’ persons were erased, for restore --erasures; it names no person')
        .option('--since <when>', 'only since a date, a time, or a duration ago (7d)', parsePastTime)
        .option('--json', 'print one JSON object a line, which restore reads', false)
        .action(listErased),
    );
}

async function show(
  id: string,
  { personal, json }: { personal: boolean; json: boolean },
  command: Command,
): Promise<void> {
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

async function retry(given: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const id = given.trim();
  const lead = await useAdmin(command, (call) => call(retryLead, { lead_id: id }));
  if (json) printJson(lead);
  else if (lead.round === undefined)
    print(`The next round of lead ${id} is run as soon as a worker takes it; gavel leads show ${id}`);
  else print(`Lead ${id}: round ${lead.round} was run. It is ${statusText(lead)}.`);
}

async function resolve(
  given: string,
  { buyer, accepted, refused, json }: { buyer: string; accepted: boolean; refused: boolean; json: boolean },
  command: Command,
): Promise<void> {
  if (accepted === refused)
    throw new CommandFailed(
      'Say what the buyer did with the lead: --accepted if it took it, --refused if it did not.',
    );
  const id = given.trim();
  const lead = await useAdmin(command, (call) => call(resolvePost, { lead_id: id, buyer, accepted }));
  const decision = accepted ? 'took it' : 'did not take it';
  if (json) printJson(lead);
  else print(`Lead ${id}: ${buyer} ${decision}. It is ${statusText(lead)}.`);
}

async function withdraw(given: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const lead = await useAdmin(command, (call) => call(withdrawLeadOperation, { lead_id: given.trim() }));
  if (json) printJson(lead);
  if (lead.status === 'sold') throw new CommandFailed(`Lead ${lead.lead_id} is sold; it can't be withdrawn.`);
  const outcome =
    lead.status === 'pending'
      ? 'withdrawn, but a buyer has it: it ends as withdrawn unless that buyer takes it'
      : lead.status;
  if (!json) print(`Lead ${lead.lead_id} is ${outcome}.`);
}

const PAGE = 5000;

async function listErased({ since, json }: { since?: Date; json: boolean }, command: Command): Promise<void> {
  await useAdmin(command, async (call) => {
    let from = since?.toISOString();
    // A page begins with the last erasure of the one before: several may be of the same millisecond.
    let known = new Set<string>();
    for (;;) {
      const { erasures, more } = await call(showErasures, { since: from, limit: PAGE });
      const fresh = erasures.filter(({ lead_id }) => !known.has(lead_id));
      if (json) for (const erasure of fresh) print(JSON.stringify(erasure));
      else if (fresh.length > 0)
        print(table(['lead', 'erased', 'by', 'SHA-256 of what was there'], fresh.map(row)));
      else if (known.size === 0) print('No person was erased.');
      if (!more || fresh.length === 0) return;
      from = erasures.at(-1)?.erased_at;
      known = new Set(erasures.map(({ lead_id }) => lead_id));
    }
  });
}

const row = ({ lead_id, erased_at, by, sha256 = '' }: ErasureView): string[] => [
  lead_id,
  formatUtc(Date.parse(erased_at)),
  by,
  sha256,
];

/** A lead's status, at the end of a sentence: `sold to northwind`, `pending (no bid)`. */
export function statusText(lead: { status: string; reason?: string; buyer_ids?: string[] }): string {
  const { status, reason, buyer_ids: buyers = [] } = lead;
  if (buyers.length > 0) return `${status} to ${buyers.join(', ')}`;
  return reason === undefined ? status : `${status} (${reasonInWords(reason)})`;
}

interface EraseOptions extends PersonOptions {
  seller?: string;
  by?: string;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
}

function eraseCommand(): Command {
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

async function erase(ids: string[], options: EraseOptions, command: Command): Promise<void> {
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
async function confirmed(count: number, { yes, json }: EraseOptions): Promise<void> {
  if (count === 0 || yes || json || !isInteractive()) return;
  const leads = count === 1 ? 'the person of 1 lead' : `the persons of ${count} leads`;
  if (await confirm(`Permanently erase ${leads}? The data can't be restored.`)) return;
  throw new CommandFailed('Nothing was erased.', 4);
}

const PERSON_PAGE = 500;

async function leadsOf(call: CallOperation, { seller, phone, email }: EraseOptions): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await call(findLeadsOfPerson, {
      phone,
      email,
      seller,
      before: ids.at(-1),
      limit: PERSON_PAGE,
    });
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
  else print(table(['lead', 'outcome', 'when', 'by', 'SHA-256 of what was there'], leads.map(erasedRow)));
  const open = leads.filter(({ outcome }) => outcome === 'unsettled' || outcome === 'unknown');
  if (open.length > 0) {
    throw new CommandFailed(
      `${open.length} of ${leads.length} could not be erased. One that waits for a buyer’s answer can be erased later: try it again.`,
    );
  }
}

const WORDS: Record<LeadErasedView['outcome'], string> = {
  erased: 'erased',
  already: 'erased before',
  unsettled: 'waits for a buyer’s answer',
  unknown: 'no such lead',
};

const erasedRow = ({ lead_id, outcome, erased_at, by = '', sha256 = '' }: LeadErasedView): string[] => [
  lead_id,
  WORDS[outcome],
  erased_at === undefined ? '' : formatUtc(Date.parse(erased_at)),
  by,
  sha256,
];
