import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { looseLeads } from '../../src/store/capacity.js';
import { ensureIndexes, openDatabase, type Database } from '../../src/store/db.js';
import { overdueLeads } from '../../src/store/leads.js';
import { EVERY_SELLER, withdrawSuppressed } from '../../src/store/suppressions.js';
import { isolatedSettings } from '../support/stack.js';

const Find = Type.Object({ find: Type.String(), filter: Type.Record(Type.String(), Type.Unknown()) });
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

/**
 * How the database goes about each condition of the first query that is made. One that goes by an index is enough, and
 * SecantusDB does so, though it explains them together as a scan.
 */
async function plansOf(query: () => Promise<unknown>): Promise<string> {
  const commands: unknown[] = [];
  const note = ({ command }: { command: unknown }) => commands.push(command);
  database.client.on('commandStarted', note);
  await query();
  database.client.off('commandStarted', note);
  const { find, filter } = Value.Parse(Find, commands[0]);
  const plans = Object.entries(filter).map(async ([field, condition]) => {
    const explained = await database.db.command({ explain: { find, filter: { [field]: condition } } });
    return Value.Parse(Explained, explained).queryPlanner.winningPlan;
  });
  return JSON.stringify(await Promise.all(plans));
}

test.each([
  ['the leads that are due', 'due', () => overdueLeads(database, new Date(), 100)],
  ['reservations that were left behind', 'loose_1', () => looseLeads(database, new Date(), 100)],
])('A sweep looks at %s, and not at all leads that ever were', async (_what, index, query) => {
  expect(await plansOf(query)).toContain(`"indexName":"${index}"`);
});

test.each(['phone', 'email'])(
  'A person who is put on a suppression list is looked for by %s, and not in all leads that ever were',
  async (by) => {
    const plans = await plansOf(() => withdrawSuppressed(database, EVERY_SELLER, [{ [by]: 'hash' }]));
    expect(plans).toContain(`"indexName":"match.${by}_1"`);
  },
);
