import { Command } from 'commander';
import { eraseCommand } from './leadsErase.js';
import { listCommand } from './leadsList.js';
import { reasonsCommand } from './leadsReasons.js';
import {
  showLead,
  showPerson,
  withdrawLeadOperation,
  showErasures,
  type ErasureView,
} from '../../../operations/leads/leadsOperations.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { describeLead } from './describeLead.js';
import { print, printJson, table } from '../../../terminal/print.js';
import { retryLead, resolvePost } from '../../../operations/leads/leadActionOperations.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { parsePastTime } from '../../argumentParsers.js';
import { reasonInWords } from '../../../market/model/reason.js';

/** `gavel leads …` */
export function leadsCommand(): Command {
  return new Command('leads')
    .description('list, show, retry, withdraw and erase leads')
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

interface ShowOptions {
  personal: boolean;
  json: boolean;
}

async function show(id: string, { personal, json }: ShowOptions, command: Command): Promise<void> {
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
    print(`The next round of lead ${id} is held as soon as a worker takes it; gavel leads show ${id}`);
  else print(`Lead ${id}: round ${lead.round} is held. It is ${statusText(lead)}.`);
}

interface ResolveOptions {
  buyer: string;
  accepted: boolean;
  refused: boolean;
  json: boolean;
}

async function resolve(given: string, options: ResolveOptions, command: Command): Promise<void> {
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

async function withdraw(given: string, { json }: { json: boolean }, command: Command): Promise<void> {
  const lead = await useAdmin(command, (call) => call(withdrawLeadOperation, { lead_id: given.trim() }));
  if (json) printJson(lead);
  if (lead.status === 'sold') throw new CommandFailed(`Lead ${lead.lead_id} is sold; it can't be withdrawn.`);
  if (!json) print(withdrawnText(lead.lead_id, lead.status));
}

function withdrawnText(id: string, status: string): string {
  if (status === 'pending')
    return `Lead ${id} is withdrawn, but a buyer has it: it ends as withdrawn unless that buyer takes it.`;
  return `Lead ${id} is ${status}.`;
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
export function statusText({
  status,
  reason,
  buyer_ids: buyers = [],
}: {
  status: string;
  reason?: string;
  buyer_ids?: string[];
}): string {
  if (buyers.length > 0) return `${status} to ${buyers.join(', ')}`;
  return reason === undefined ? status : `${status} (${reasonInWords(reason)})`;
}
