import { added, takeTurn, type Contender, type Credits } from '../market/turns.js';
import type { Database } from './db.js';
import { duplicateOf } from './duplicateOf.js';

/** Whose turn it is in a campaign that awards by turns; `version` grows with each time that turns are taken. */
export interface TurnsDocument {
  _id: string;
  version: number;
  credits: Credits;
}

/**
 * Takes as many turns of a campaign as there are places, and returns the contracts in the order in which the lead is
 * offered. Whoever was quicker is waited for by trying again, so no turn is taken twice however many workers ask.
 */
export async function takeTurns(
  { turns }: Database,
  campaign: string,
  contenders: Contender[],
  places: number,
): Promise<string[]> {
  for (;;) {
    const found = await turns.findOne({ _id: campaign });
    const { order, credits } = turnsOf(found?.credits ?? {}, contenders, places);
    if (await storeTurns({ turns }, campaign, found?.version, credits)) return order;
  }
}

/** One turn a place: those who have had theirs contend for no other. */
function turnsOf(
  credits: Credits,
  contenders: Contender[],
  places: number,
): { order: string[]; credits: Credits } {
  const order: string[] = [];
  let [left, now] = [contenders, credits];
  for (let place = 0; place < places && left.length > 0; place++) {
    const turn = takeTurn(now, left);
    const [first, ...rest] = turn.order;
    if (first) order.push(first.id);
    [left, now] = [rest, added(now, turn.changes)];
  }
  return { order: [...order, ...left.map(({ id }) => id)], credits: now };
}

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
