import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureIndexes, openDatabase, type Database } from '../../src/store/db.js';
import { overdueLeads } from '../../src/store/leads.js';
import { isolatedSettings } from '../support/stack.js';

const Find = Type.Object({
  find: Type.String(),
  filter: Type.Object({}),
  sort: Type.Optional(Type.Unknown()),
});
const Explained = Type.Object({ queryPlanner: Type.Object({ winningPlan: Type.Unknown() }) });

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

/** How the database goes about the first query that is made. */
async function planOf(query: () => Promise<unknown>): Promise<string> {
  const commands: unknown[] = [];
  const note = ({ command }: { command: unknown }) => commands.push(command);
  database.client.on('commandStarted', note);
  await query();
  database.client.off('commandStarted', note);
  const { find, filter, sort } = Value.Parse(Find, commands[0]);
  const explained = await database.db.command({ explain: { find, filter, ...(sort ? { sort } : {}) } });
  return JSON.stringify(Value.Parse(Explained, explained).queryPlanner.winningPlan);
}

test('A sweep looks at the leads that are due, and not at all that ever were', async () => {
  const plan = await planOf(() => overdueLeads(database, new Date(), 100));
  expect(plan).toContain('"indexName":"due"');
  expect(plan).not.toContain('COLLSCAN');
});
