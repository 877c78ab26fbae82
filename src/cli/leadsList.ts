import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../market/file/duration.js';
import type { LeadStatus } from '../market/lead.js';
import { moment } from '../market/moment.js';
import { formatMoney, toDecimal } from '../market/money.js';
import { listLeads, type ListedLead } from '../store/listLeads.js';
import { matchOption, namesPerson, type PersonOptions } from './matchOption.js';
import { pointInTime } from './pointInTime.js';
import { print, printJson, table } from './print.js';
import { sellerNamed } from './sellerNamed.js';
import { useDatabase, usePersons } from './useDatabase.js';

interface Options extends PersonOptions {
  status?: LeadStatus;
  seller?: string;
  since?: Date;
  limit: number;
  json: boolean;
}

const STATUSES: readonly LeadStatus[] = ['received', 'pending', 'sold', 'expired', 'withdrawn'];

/** `gavel leads list` */
export function listCommand(): Command {
  return new Command('list')
    .description('leads, the newest first; never their persons, who are found but not shown')
    .option('--phone <number>', 'only of this person, however the number is written')
    .option('--email <address>', 'only of this person')
    .addOption(new Option('--status <status>', 'only those that stand so').choices(STATUSES))
    .option('--seller <code|slug>', 'only this seller’s')
    .option('--since <when>', 'only those received since: a date, a time, or so long ago (7d)', past)
    .option('--limit <count>', 'so many at the most', count, 50)
    .option('--json', 'print the leads as JSON', false)
    .action(list);
}

async function list({ phone, email, status, seller, since, limit, json }: Options): Promise<void> {
  const person = { phone, email };
  const reading = namesPerson(person) ? usePersons : useDatabase;
  const found = await reading(async (database) => {
    const code = seller === undefined ? undefined : (await sellerNamed(database, seller)).code;
    const match = namesPerson(person) ? await matchOption(database, person) : undefined;
    // One more than is shown tells whether there are more.
    return listLeads(database, { match, status, seller: code, since }, limit + 1);
  });
  const leads = found.slice(0, limit);
  const more = found.length > limit;
  if (json) printJson({ leads: leads.map(leadView), more });
  else if (leads.length === 0) print('There is no such lead.');
  else {
    print(
      table(['lead', 'received', 'seller', 'category', 'state', 'status', 'price', 'buyers'], leads.map(row)),
    );
    if (more) print(`These are the newest ${limit}; --limit shows more.`);
  }
}

function leadView(lead: ListedLead) {
  const {
    _id,
    receivedAt,
    seller,
    category,
    state,
    status,
    reason,
    price,
    currency,
    buyerIds,
    test,
    erased,
  } = lead;
  return {
    lead_id: _id,
    received_at: receivedAt.toISOString(),
    seller,
    category,
    state,
    status,
    reason,
    price: price === undefined ? undefined : toDecimal(price, currency),
    currency,
    buyer_ids: buyerIds,
    test,
    erased_at: erased?.at.toISOString(),
  };
}

function row({
  _id,
  receivedAt,
  seller,
  category,
  state,
  status,
  reason,
  price,
  ...lead
}: ListedLead): string[] {
  const why = reason === undefined || status === 'sold' ? '' : ` (${reason.replaceAll('_', ' ')})`;
  const marks = [lead.test ? ', test' : '', lead.erased ? ', erased' : ''].join('');
  return [
    _id,
    moment(receivedAt),
    seller,
    category,
    state ?? '',
    `${status}${why}${marks}`,
    price === undefined ? '' : formatMoney(price, lead.currency),
    (lead.buyerIds ?? []).join(', '),
  ];
}

function past(text: string): Date {
  const span = parseDuration(text);
  const at = span === undefined ? pointInTime(text) : new Date(Date.now() - span);
  if (at === undefined) throw new InvalidArgumentError('Write a date like 2026-11-01 or a duration like 7d.');
  return at;
}

function count(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It is a whole number, 1 or more.');
}
