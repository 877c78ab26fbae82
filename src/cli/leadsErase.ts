import { hostname, userInfo } from 'node:os';
import { Command } from 'commander';
import { pickSettings } from '../config.js';
import { moment } from '../market/moment.js';
import type { Database } from '../store/db.js';
import { eraseLead, type Erased } from '../store/erase.js';
import { listLeads } from '../store/listLeads.js';
import { openWithdrawer } from '../temporal/withdraw.js';
import { CommandFailed } from './commandFailed.js';
import { matchOption, namesPerson, type PersonOptions } from './matchOption.js';
import { print, printJson, table } from './print.js';
import { sellerNamed } from './sellerNamed.js';
import { useDatabase, usePersons } from './useDatabase.js';

interface Options extends PersonOptions {
  seller?: string;
  by: string;
  dryRun: boolean;
  json: boolean;
}

/** `gavel leads erase ID` */
export function eraseCommand(): Command {
  return new Command('erase')
    .description('destroy the person’s data of leads for good; the books stay, and a proof of it')
    .argument('[ids...]', 'the lead_id of each')
    .option('--phone <number>', 'instead: every lead of this person')
    .option('--email <address>', 'instead: every lead of this person; with --phone, of who has both')
    .option('--seller <code|slug>', 'only this seller’s leads of the person')
    .option('--by <name>', 'who the proof says has done it', `${userInfo().username}@${hostname()}`)
    .option('--dry-run', 'tell which leads they are, and change nothing', false)
    .option('--json', 'print the outcome as JSON', false)
    .action(erase);
}

async function erase(ids: string[], options: Options): Promise<void> {
  if (ids.length > 0 === namesPerson(options))
    throw new CommandFailed('Name the leads by their ids, or the person by --phone or --email.');
  const using = namesPerson(options) ? usePersons : useDatabase;
  await using(async (database) => {
    const leadIds = ids.length > 0 ? ids.map((id) => id.trim()) : await leadsOf(database, options);
    if (options.dryRun) tellLeads(leadIds, options.json);
    else tellOutcomes(await eraseAll(database, leadIds, options.by), options.json);
  });
}

const PAGE = 500;

/** Every lead of the person. */
async function leadsOf(database: Database, { seller, ...person }: Options): Promise<string[]> {
  const match = await matchOption(database, person);
  const code = seller === undefined ? undefined : (await sellerNamed(database, seller)).code;
  const ids: string[] = [];
  for (;;) {
    const page = await listLeads(database, { match, seller: code, before: ids.at(-1) }, PAGE);
    ids.push(...page.map(({ _id }) => _id));
    if (page.length < PAGE) return ids;
  }
}

type Outcome = Erased & { leadId: string };

async function eraseAll(database: Database, leadIds: string[], by: string): Promise<Outcome[]> {
  const withdrawer = openWithdrawer(pickSettings(['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']));
  const outcomes: Outcome[] = [];
  try {
    for (const leadId of leadIds) {
      const erased = await eraseLead(database, leadId, { by, withdraw: (id) => withdrawer.withdraw(id) });
      outcomes.push({ leadId, ...erased });
    }
    return outcomes;
  } finally {
    await withdrawer.close();
  }
}

function tellLeads(leadIds: string[], json: boolean): void {
  if (json) printJson({ dry_run: true, leads: leadIds });
  else print([...leadIds, `${leadIds.length} would be erased; nothing was changed.`].join('\n'));
}

/** @throws CommandFailed where a lead could not be erased */
function tellOutcomes(outcomes: Outcome[], json: boolean): void {
  if (json) printJson({ leads: outcomes.map(view) });
  else if (outcomes.length === 0) print('There is no such lead.');
  else print(table(['lead', 'outcome', 'when', 'by', 'SHA-256 of what was there'], outcomes.map(row)));
  const open = outcomes.filter(({ outcome }) => outcome === 'held' || outcome === 'unknown');
  if (open.length > 0) {
    throw new CommandFailed(
      `${open.length} of ${outcomes.length} could not be erased. One that is held waits for a buyer’s answer: try it again later.`,
    );
  }
}

function view(outcome: Outcome) {
  const erasure = 'erasure' in outcome ? outcome.erasure : undefined;
  return {
    lead_id: outcome.leadId,
    outcome: outcome.outcome,
    erased_at: erasure?.at.toISOString(),
    by: erasure?.by,
    sha256: erasure?.sha256,
  };
}

const WORDS = {
  erased: 'erased',
  already: 'erased before',
  held: 'held by a buyer',
  unknown: 'no such lead',
};

function row(outcome: Outcome): string[] {
  const { at, by = '', sha256 = '' } = 'erasure' in outcome ? outcome.erasure : {};
  return [outcome.leadId, WORDS[outcome.outcome], at ? moment(at) : '', by, sha256];
}
