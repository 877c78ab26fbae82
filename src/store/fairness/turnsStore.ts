import type { ClientBulkWriteModel } from 'mongodb';
import type { Round } from '../../market/model/round.js';
import { addChanges, takeTurns, type CreditChanges, type Contender } from '../../market/auction/turns.js';
import type { Database } from '../db.js';
import { duplicateKeyOf, writeInTransaction } from '../transaction.js';

import { runSerially } from '../lanes.js';
import type { StoredLead, TurnsDocument } from '../documents.js';
import { roundOfEarlierAttempt, roundWrite, storeRound } from '../leads/rounds.js';

/**
 * Stores a round together with the turns that it takes of its campaign, one for each place of the lead; the round has
 * the order in which contracts are offered it. Both are stored or neither: a repeat finds the round of the earlier
 * attempt, and no turn is taken twice. After a conflict with another worker it is retried, so no two leads take the
 * same turn.
 * @param award `places` is 0 if no turns are taken, as for a test lead
 * @returns the stored round: this one, or the one of an earlier attempt
 */
export async function storeRoundWithTurns(
  database: Database,
  leadId: string,
  round: Round,
  award: { contenders: Contender[]; places: number },
): Promise<Round> {
  return runSerially(database, `turns/${round.campaign}`, () => storeInTurn(database, leadId, round, award));
}

async function storeInTurn(
  database: Database,
  leadId: string,
  round: Round,
  { contenders, places }: { contenders: Contender[]; places: number },
): Promise<Round> {
  for (;;) {
    const { version, credits } = await turnsOf(database, round.campaign);
    const { order, changes } = takeTurns(credits, contenders, places);
    const inTurn = { ...round, turns: [...(round.turns ?? []), ...order.map(({ id }) => id)] };
    if (Object.keys(changes).length === 0) return storeRound(database, leadId, inTurn);
    const taken = { credits: addChanges(credits, changes), version: version + 1 };
    const stored = await storeBoth(database, leadId, inTurn, { version, taken });
    if (stored === 'both') return inTurn;
    if (stored === 'before') return roundOfEarlierAttempt(database, leadId, round.number);
  }
}

/** Corrects the turns of a round once, if the lead was sent to other contracts than the ones whose turns were taken. */
export async function settleTurns(
  { client, db }: Database,
  {
    leadId,
    round,
    campaign,
    changes,
  }: { leadId: string; round: number; campaign: string; changes: CreditChanges },
): Promise<void> {
  const settled = `rounds.${round}.turnsSettled`;
  const gains = Object.entries(changes).map(([id, change]) => [`credits.${id}`, change] as const);
  const writes: ClientBulkWriteModel<Record<string, StoredLead | TurnsDocument>>[] = [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      // A round that has moved was settled before the next one began.
      filter: { _id: leadId, [`rounds.${round}.number`]: round, [settled]: { $exists: false } },
      update: { $set: { [settled]: true } },
    },
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.turns`,
      filter: { _id: campaign },
      update: { $inc: { version: 1, ...Object.fromEntries(gains) } },
    },
  ];
  await writeInTransaction(client, writes, ({ updateResults }) => {
    if (updateResults?.get(0)?.matchedCount !== 1) throw new SettledBefore();
  }).catch((error: unknown) => {
    if (!(error instanceof SettledBefore)) throw error;
  });
}

/** An earlier attempt has settled the turns of the round. */
class SettledBefore extends Error {}

/** `before`: an earlier attempt has stored the round. `overtaken`: another lead has taken turns in the meantime. */
async function storeBoth(
  { client, db }: Database,
  leadId: string,
  round: Round,
  { version, taken }: { version: number; taken: Omit<TurnsDocument, '_id'> },
): Promise<'both' | 'before' | 'overtaken'> {
  const writes: ClientBulkWriteModel<Record<string, StoredLead | TurnsDocument>>[] = [
    { name: 'updateOne', namespace: `${db.databaseName}.leads`, ...roundWrite(leadId, round) },
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.turns`,
      filter: { _id: round.campaign, version },
      update: { $set: taken },
    },
  ];
  try {
    await writeInTransaction(client, writes, ({ updateResults }) => {
      if (updateResults?.get(0)?.matchedCount !== 1) throw new StoredBefore();
      if (updateResults.get(1)?.matchedCount !== 1) throw new Overtaken();
    });
    return 'both';
  } catch (error) {
    if (error instanceof StoredBefore) return 'before';
    if (error instanceof Overtaken) return 'overtaken';
    throw error;
  }
}

/** An earlier attempt has stored the round, with its turns. */
class StoredBefore extends Error {}

/** Another lead has taken turns of the campaign since they were read. */
class Overtaken extends Error {}

/** The turns of a campaign; creates them if there are none. */
async function turnsOf({ turns }: Pick<Database, 'turns'>, _id: string): Promise<TurnsDocument> {
  const found = await turns.findOne({ _id });
  if (found !== null) return found;
  const none = { _id, credits: {}, version: 0 };
  try {
    await turns.insertOne(none);
    return none;
  } catch (error) {
    if (duplicateKeyOf(error) === undefined) throw error;
    return turnsOf({ turns }, _id);
  }
}
