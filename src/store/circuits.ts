import { afterAnswer, CLOSED, takeProbe as probing, type Circuit } from '../market/breaker.js';
import type { Database } from './db.js';
import { duplicateOf } from './duplicateOf.js';

/** A buyer's circuit, by `circuitId`; a buyer without one has not failed of late. */
export type CircuitDocument = Circuit & { _id: string; version: number };

/** The circuits of all buyers that have failed of late. */
export async function readCircuits({ circuits }: Database): Promise<Map<string, Circuit>> {
  const found = await circuits.find().toArray();
  return new Map(found.map((circuit) => [circuit._id, circuit]));
}

/**
 * Notes how a buyer's server answered. A buyer that has not failed and does not costs nothing.
 * @param id see `circuitId`
 * @param isKnown whether the caller has read this circuit
 */
export async function noteAnswer(
  database: Database,
  id: string,
  isKnown: boolean,
  ok: boolean,
  now: number,
): Promise<void> {
  if (ok && !isKnown) return;
  await change(database, id, (circuit) => afterAnswer(circuit, ok, now));
}

/** Whether this lead may try a failing buyer: one at a time does, the others leave it out until that one has an answer. */
export async function takeProbe(database: Database, id: string, now: number): Promise<boolean> {
  return change(database, id, (circuit) => probing(circuit, now));
}

/** Changes a circuit as the rule says; whoever was quicker is waited for by trying again. False where the rule says no. */
async function change(
  { circuits }: Database,
  _id: string,
  rule: (circuit: Circuit) => Circuit | undefined,
): Promise<boolean> {
  for (;;) {
    const found = await circuits.findOne({ _id });
    const next = rule(found ?? CLOSED);
    if (next === undefined) return false;
    const version = (found?.version ?? 0) + 1;
    try {
      if (next === CLOSED) {
        if (found === null || (await circuits.deleteOne({ _id, version: found.version })).deletedCount === 1)
          return true;
      } else if (found === null) {
        await circuits.insertOne({ ...next, _id, version });
        return true;
      } else {
        const { failures, opens, openedAt, until, probeUntil } = next;
        const fields = { failures, opens, openedAt, until, probeUntil, version };
        const { matchedCount } = await circuits.replaceOne({ _id, version: found.version }, fields);
        if (matchedCount === 1) return true;
      }
    } catch (error) {
      if (duplicateOf(error) === undefined) throw error;
    }
  }
}
