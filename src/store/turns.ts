import type { ClientBulkWriteModel } from 'mongodb';
import { added, takeTurns as turnsFor, type Changes, type Contender, type Credits } from '../market/turns.js';
import type { Database } from './db.js';
import { duplicateOf } from './duplicateOf.js';
import type { StoredLead } from './person.js';
import { writeTogether } from './writeTogether.js';

/** Whose turn it is in a campaign that awards by turns; `version` grows with each time that turns are taken. */
export interface TurnsDocument {
  _id: string;
  version: number;
  credits: Credits;
}

/**
 * Takes as many turns of a campaign as a lead has places, and returns the contracts in the order in which it is offered.
 * Whoever was quicker is waited for by trying again, so no turn is taken twice however many workers ask. With no place
 * at all nothing is taken: the order of a test lead.
 */
export async function takeTurns(
  { turns }: Database,
  campaign: string,
  contenders: Contender[],
  places: number,
): Promise<string[]> {
  for (;;) {
    const found = await turns.findOne({ _id: campaign });
    const credits = found?.credits ?? {};
    const { order, changes } = turnsFor(credits, contenders, places);
    if (places === 0 || (await storeTurns({ turns }, campaign, found?.version, added(credits, changes))))
      return order.map(({ id }) => id);
  }
}

/** Those who were sent the lead are not those whose turns were taken: that is put right, once a round. */
export async function settleTurns(
  { client, db }: Database,
  { leadId, round, campaign, changes }: { leadId: string; round: number; campaign: string; changes: Changes },
): Promise<void> {
  const settled = `rounds.${round}.turnsSettled`;
  const gains = Object.entries(changes).map(([id, change]) => [`credits.${id}`, change] as const);
  const writes: ClientBulkWriteModel<Record<string, StoredLead | TurnsDocument>>[] = [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      filter: { _id: leadId, [settled]: { $exists: false } },
      update: { $set: { [settled]: true } },
    },
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.turns`,
      filter: { _id: campaign },
      update: { $inc: { version: 1, ...Object.fromEntries(gains) } },
    },
  ];
  await writeTogether(client, writes, ({ updateResults }) => {
    if (updateResults?.get(0)?.matchedCount !== 1) throw new SettledBefore();
  }).catch((error: unknown) => {
    if (!(error instanceof SettledBefore)) throw error;
  });
}

/** An earlier try has settled the turns of the round. */
class SettledBefore extends Error {}

async function storeTurns(
  { turns }: Pick<Database, 'turns'>,
  _id: string,
  version: number | undefined,
  credits: Credits,
): Promise<boolean> {
  if (version !== undefined) {
    const { modifiedCount } = await turns.updateOne(
      { _id, version },
      { $set: { credits, version: version + 1 } },
    );
    return modifiedCount === 1;
  }
  try {
    await turns.insertOne({ _id, credits, version: 1 });
    return true;
  } catch (error) {
    if (duplicateOf(error) === undefined) throw error;
    return false;
  }
}
