import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  ALL_REASONS,
  findLeads,
  findLeadsOfPerson,
  LEAD_STATUSES,
  type LeadRow,
  type LeadPage,
} from '../../../operations/leads/leadsOperations.js';
import { withProgress } from '../../../terminal/showProgress.js';
import { nearest } from '../../../market/nearest.js';
import type { LeadStatus } from '../../../market/model/lead.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { formatDecimal } from '../../../market/money.js';
import { reasonInWords, type LeadReason, type Reason } from '../../../market/model/reason.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import type { CallOperation } from '../../callOperation.js';
import { parseCount, parsePastTime } from '../../argumentParsers.js';
import { checkPerson, namesPerson, type PersonOptions } from '../../personOptions.js';
import { print, printJson, table } from '../../../terminal/print.js';

interface Options extends PersonOptions {
  status?: LeadStatus;
  held: boolean;
  seller?: string;
  campaign?: string;
  buyer?: string;
  reason?: Reason | LeadReason;
  since?: Date;
  limit: number;
  json: boolean;
}

export function listCommand(): Command {
  return adminCommand('list')
    .description('list leads, newest first; search by phone or e-mail works, personal data is not shown')
    .option('--phone <number>', 'only of this person, however the number is written')
    .option('--email <address>', 'only of this person')
    .addOption(new Option('--status <status>', 'only leads with this status').choices(LEAD_STATUSES))
    .option('--held', 'only leads with a post that waits for a decision of ops', false)
    .option('--seller <code|slug>', 'only this seller’s')
    .option('--campaign <id>', 'only of this campaign (ACME1234/auto-insurance)')
    .option('--buyer <id>', 'only leads that this buyer has bought')
    .option(
      '--reason <reason>',
      'only leads that are unsold for this reason; with --buyer, leads whose last round ended so for the buyer',
      reasonNamed,
    )
    .option(
      '--since <when>',
      'only leads received since a date, a time, or a duration ago (7d)',
      parsePastTime,
    )
    .option('--limit <count>', 'list at most this number', parseCount, 50)
    .option('--json', 'print the leads as JSON', false)
    .action(list);
}

async function list(options: Options, command: Command): Promise<void> {
  const { phone, email, status, held, seller, campaign, buyer, reason, since, limit, json } = options;
  const person = { phone, email };
  checkPerson(person);
  const named = { status, held: held || undefined, seller, campaign, buyer, reason };
  const which = { ...named, since: since?.toISOString(), limit };
  const persons = namesPerson(person);
  const asked = (call: CallOperation, before?: string) =>
    persons
      ? call(findLeadsOfPerson, { ...person, ...which, before })
      : call(findLeads, { ...which, before });
  const { leads, more } = await withProgress((progress) =>
    useAdmin(command, (call) => find((before) => asked(call, before), limit, progress), {
      personalData: persons,
    }),
  );
  if (json) printJson({ leads, more });
  else if (leads.length === 0) print(held ? 'No post waits for ops.' : 'There is no such lead.');
  else if (held) {
    print(table(['lead', 'received', 'seller', 'category', 'buyer', 'held since', 'until'], heldRows(leads)));
    print('Ask the buyer, then run gavel leads resolve LEAD --buyer BUYER with --accepted or --refused.');
    if (more) print(`These are the newest ${limit}; --limit shows more.`);
  } else {
    print(
      table(
        ['lead', 'received', 'seller', 'source', 'category', 'state', 'status', 'price', 'buyers'],
        leads.map(row),
      ),
    );
    if (more) print(`These are the newest ${limit}; --limit shows more.`);
  }
}

/** A search without an index stops after some thousand leads; this continues it until there are enough. */
async function find(
  call: (before?: string) => Promise<LeadPage>,
  limit: number,
  tell: (text: string) => void,
): Promise<Pick<LeadPage, 'leads' | 'more'>> {
  const page = await call();
  for (let { searched_to: to } = page; to !== undefined && page.leads.length < limit;) {
    tell(`found ${page.leads.length} leads, searching on before ${to}`);
    const next = await call(to);
    page.leads.push(...next.leads.slice(0, limit - page.leads.length));
    page.more = next.more;
    to = next.searched_to;
  }
  return page;
}

function reasonNamed(text: string): Reason | LeadReason {
  const name = text.replaceAll(' ', '_');
  const reason = ALL_REASONS.find((one) => one === name);
  if (reason !== undefined) return reason;
  const meant = nearest(name, ALL_REASONS);
  throw new InvalidArgumentError(
    meant === undefined ? `The reasons are ${ALL_REASONS.join(', ')}.` : `Did you mean ${meant}?`,
  );
}

function row(lead: LeadRow): string[] {
  const { lead_id, seller, source, category, state = '', status, reason, price, currency } = lead;
  const why = reason === undefined ? '' : ` (${reasonInWords(reason)})`;
  const marks = [
    lead.held === undefined ? '' : ', held for ops',
    lead.test ? ', test' : '',
    lead.erased_at === undefined ? '' : ', erased',
  ].join('');
  return [
    lead_id,
    formatUtc(Date.parse(lead.received_at)),
    seller,
    source,
    category,
    state,
    `${status}${why}${marks}`,
    price === undefined ? '' : formatDecimal(price, currency),
    (lead.buyer_ids ?? []).join(', '),
  ];
}

const heldRows = (leads: LeadRow[]): string[][] =>
  leads.flatMap(({ lead_id, received_at, seller, category, held = [] }) =>
    held.map(({ buyer, since, until }) => [
      lead_id,
      formatUtc(Date.parse(received_at)),
      seller,
      category,
      buyer,
      formatUtc(Date.parse(since)),
      formatUtc(Date.parse(until)),
    ]),
  );
