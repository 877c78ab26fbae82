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

/** Answers that are written together. */
interface Batch {
  answers: { ok: boolean; now: number }[];
  /** More can join it: the write before it is not done yet. */
  isOpen: boolean;
  written: Promise<void>;
}

/** The last batch of each circuit, until it is written; of each way to the database. */
const batches = new WeakMap<Database, Map<string, Batch>>();

/**
 * Notes how a buyer's server answered. A buyer that has not failed and does not costs nothing. A buyer in trouble costs
 * each process one write at a time: what comes meanwhile is written together, or hundreds of leads would contend for one
 * document just when the machine has the least to spare.
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
  const last = batches.get(database) ?? new Map<string, Batch>();
  batches.set(database, last);
  const before = last.get(id);
  if (before?.isOpen) {
    before.answers.push({ ok, now });
    return before.written;
  }
  const write = async (): Promise<void> => {
    batch.isOpen = false;
    await change(database, id, (circuit) =>
      batch.answers.reduce((after, answer) => afterAnswer(after, answer.ok, answer.now), circuit),
    );
  };
  const batch: Batch = {
    answers: [{ ok, now }],
    isOpen: true,
    written: (before?.written ?? Promise.resolve()).then(write, write).finally(() => {
      if (last.get(id) === batch) last.delete(id);
    }),
  };
  last.set(id, batch);
  return batch.written;
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
    if (next === found) return true;
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
