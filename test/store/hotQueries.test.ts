import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bookSale, purchaseOf } from '../../src/store/sales/book.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { countHeldPosts, holdPost } from '../../src/store/leads/heldPosts.js';
import {
  expireLead,
  findLeadSummary,
  findStoredLead,
  markPending,
  openOverdueLeads,
} from '../../src/store/leads/leads.js';
import { listLeads } from '../../src/store/leads/listLeads.js';
import { readRounds } from '../../src/store/leads/rounds.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { EVERY_SELLER, withdrawSuppressed } from '../../src/store/persons/suppressions.js';
import { confirm, release, reserve, unsettledLeads } from '../../src/store/sales/capacity.js';
import { agreeOnReservation, claimLead, endClaim } from '../../src/store/sales/claims.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

/* The queries that docs/decisions/local-database.md lists: they must use an index on MongoDB and on the local database. */

const Explained = Type.Object({ queryPlanner: Type.Object({ winningPlan: Type.Unknown() }) });
const Filter = Type.Record(Type.String(), Type.Unknown());
const Find = Type.Object({ find: Type.String(), filter: Filter });
const Update = Type.Object({ updates: Type.Array(Type.Object({ q: Filter })) });
const BulkWrite = Type.Object({ ops: Type.Array(Type.Object({ filter: Type.Optional(Filter) })) });

let database: Database;
beforeAll(async () => {
  const settings = await isolatedSettings();
  const url = new URL(settings.MONGODB_URL);
  url.searchParams.set('monitorCommands', 'true');
  database = openDatabase({ ...settings, MONGODB_URL: url.toString() });
  await ensureIndexes(database);
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

interface Command {
  commandName: string;
  command: unknown;
}

/** The commands that some work sends to the database. */
async function commandsOf(work: () => Promise<unknown>): Promise<Command[]> {
  const commands: Command[] = [];
  const note = (event: Command) => commands.push(event);
  database.client.on('commandStarted', note);
  await work();
  database.client.off('commandStarted', note);
  return commands;
}

/**
 * The query plan of each condition of the first query. One condition with an index is enough. SecantusDB uses it, although
 * it explains the whole query as a scan.
 */
async function plansOf(query: () => Promise<unknown>): Promise<string> {
  const [first] = await commandsOf(query);
  const { find, filter } = Value.Parse(Find, first?.command);
  const plans = Object.entries(filter).map(async ([field, condition]) => {
    const explained = await database.db.command({ explain: { find, filter: { [field]: condition } } });
    return Value.Parse(Explained, explained).queryPlanner.winningPlan;
  });
  return JSON.stringify(await Promise.all(plans));
}

test.each([
  ['leads that are due', 'due', () => openOverdueLeads(database)(new Date(), 100)],
  ['leads with unsettled reservations', 'unsettled_1', () => unsettledLeads(database, new Date(), 100)],
  ['posts that wait for ops', 'heldForOps_1', () => countHeldPosts(database)],
])('A sweep reads %s by an index', async (_what, index, query) => {
  expect(await plansOf(query)).toContain(`"indexName":"${index}"`);
});

test.each([
  ['campaign', 'campaign_1__id_-1', { campaign: 'ACME1234/boats' }],
  ['buyer', 'buyerIds_1', { boughtBy: 'northwind' }],
])('Leads of a %s are listed by an index', async (_of, index, query) => {
  expect(await plansOf(() => listLeads(database, query, 50))).toContain(`"indexName":"${index}"`);
});

test.each(['phone', 'email'])('Leads of a suppressed person are found by the index of the %s', async (by) => {
  const plans = await plansOf(() => withdrawSuppressed(database, EVERY_SELLER, [{ [by]: 'hash' }]));
  expect(plans).toContain(`"indexName":"match.${by}_1_receivedAt_-1"`);
});

/** The filters of a command. */
function filtersOf({ command }: Command): Record<string, unknown>[] {
  if (Value.Check(Find, command)) return [command.filter];
  if (Value.Check(Update, command)) return command.updates.map(({ q }) => q);
  if (Value.Check(BulkWrite, command))
    return command.ops.flatMap(({ filter }) => (filter === undefined ? [] : [filter]));
  return [];
}

const CONTRACT = 'ACME1234/auto-insurance/northwind';

/** Offers a lead twice: the first buyer refuses it, the second accepts it. Then reads and ends two other leads. */
async function sellLead(campaign: CampaignDocument): Promise<void> {
  const { _id } = await storeLead(database, campaign, { match: { phone: 'hash-of-the-phone' } });
  const refused = await claim(_id, CONTRACT, 'refused');
  await endClaim(database, _id, { contract: CONTRACT, postId: 'refused', status: 'refused' });
  await release(database, refused.purchase, { wasPosted: true });
  const { lead, claimed, purchase } = await claim(_id, `${CONTRACT}-2`, 'accepted');
  expect(await bookSale(database, { lead, contract: `${CONTRACT}-2`, claim: claimed })).toBe('accepted');
  await confirm(database, purchase);
  await findLeadSummary(database, _id);
  const waiting = await storeLead(database, campaign);
  await claim(waiting._id, CONTRACT, 'held');
  await holdPost(database, waiting._id, CONTRACT, new Date());
  await endClaim(database, waiting._id, { contract: CONTRACT, postId: 'held', status: 'cancelled' });
  await markPending(database, waiting._id, new Date(), { reason: 'uncertain' });
  await expireLead(database, waiting._id);
  await withdraw(database, (await storeLead(database, campaign))._id);
}

async function claim(leadId: string, contract: string, postId: string) {
  const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4000 };
  const found = await claimLead(database, { lead: leadId, contract, postId, ...terms, maxBuyers: 1 });
  if (!('claim' in found)) throw new Error('The lead was not claimed');
  const purchase = purchaseOf(found.lead, contract, found.claim);
  const reserved = await reserve(database, {
    ...{ purchase, price: 4500, currency: 'USD', limits: [], buyer: { id: 'northwind' } },
    ...{ match: found.lead.match, notesPerson: true, countsOffers: true },
    duplicates: [{ per: 'buyer', by: ['phone'], match: 'any', withinDays: 1 }],
  });
  expect(reserved).toHaveProperty('counted');
  await agreeOnReservation(database, leadId, { contract, postId }, 'made');
  return { lead: found.lead, claimed: found.claim, purchase };
}

test('A lead is sold, held, expired and withdrawn by ids, without operators that scan a collection', async () => {
  const campaign = await storeMarket(database, {});
  const commands = await commandsOf(() => sellLead(campaign));
  expect(commands.map(({ commandName }) => commandName)).not.toContain('findAndModify');
  const filters = commands.flatMap(filtersOf);
  expect(filters.length).toBeGreaterThan(20);
  const scanning = ['$or', '$and', '$nor', '$expr'];
  for (const filter of filters) {
    expect(filter).toHaveProperty('_id');
    expect(JSON.stringify(filter['_id'])).not.toMatch(/"\$[gl]te?"/);
    expect(Object.keys(filter).filter((key) => scanning.includes(key))).toEqual([]);
  }
});

test('The rounds of a lead are read by their ids: the local database scans all rounds for a range', async () => {
  const campaign = await storeMarket(database, {}, { category: 'Boats' });
  const { _id } = await storeLead(database, campaign);
  const lead = await findStoredLead(database, _id);
  if (lead === null) throw new Error('The lead is not stored');
  const read = () => readRounds(database, { ...lead, lastRound: 30 }, { first: 5, last: 20 });
  const commands = await commandsOf(read);
  const [ids, ...others] = commands.flatMap(filtersOf).map((filter) => filter['_id'] as { $in: string[] });
  expect(others).toEqual([]);
  expect(ids?.$in).toHaveLength(25);
});
