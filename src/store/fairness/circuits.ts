import {
  afterAnswer,
  CLOSED_CIRCUIT,
  takeProbe as probing,
  type Circuit,
  type Failure,
} from '../../market/limits/circuitBreaker.js';
import type { Database } from '../db.js';
import { duplicateKeyOf } from '../transaction.js';

export async function readCircuits({ circuits }: Database): Promise<Map<string, Circuit>> {
  const found = await circuits.find().toArray();
  return new Map(found.map((circuit) => [circuit._id, circuit]));
}

/** The result of a request to a buyer's server. */
export interface ServerAnswer {
  /** Absent if the answer was usable. */
  failure?: Failure;
  /** When, UTC ms. */
  now: number;
}

export interface CircuitChange {
  before: Circuit;
  after: Circuit;
}

interface Batch {
  answers: ServerAnswer[];
  /** More answers can join: the previous write is still in progress. */
  isOpen: boolean;
  written: Promise<CircuitChange>;
}

/** The last batch of each circuit until it is written, by database. */
const batches = new WeakMap<Database, Map<string, Batch>>();

/**
 * Records an answer in a buyer's circuit. A buyer without failures costs nothing. For a failing buyer, each process has
 * one write in progress, and answers in the meantime are written together: otherwise hundreds of leads would contend
 * for one document while the machine is busiest.
 * @param id see `circuitId`
 * @param answer `isKnown`: whether the caller has read this circuit
 * @returns the change, to the first caller of a batch
 */
export async function recordServerAnswer(
  database: Database,
  id: string,
  { failure, now, isKnown }: ServerAnswer & { isKnown: boolean },
): Promise<CircuitChange | undefined> {
  if (failure === undefined && !isKnown) return undefined;
  const last = batches.get(database) ?? new Map<string, Batch>();
  batches.set(database, last);
  const before = last.get(id);
  if (before?.isOpen) {
    before.answers.push({ failure, now });
    await before.written;
    return undefined;
  }
  const write = async (): Promise<CircuitChange> => {
    batch.isOpen = false;
    return change(database, id, (circuit) =>
      batch.answers.reduce((after, answer) => afterAnswer(after, answer.failure, answer.now), circuit),
    );
  };
  const batch: Batch = {
    answers: [{ failure, now }],
    isOpen: true,
    written: Promise.resolve(before?.written)
      .then(write, write)
      .finally(() => {
        if (last.get(id) === batch) last.delete(id);
      }),
  };
  last.set(id, batch);
  return batch.written;
}

/** Resolves when the answers that this process has recorded so far are written, or could not be. */
export async function answersWritten(database: Database): Promise<void> {
  const written = [...(batches.get(database)?.values() ?? [])].map((batch) => batch.written);
  await Promise.allSettled(written);
}

/**
 * Whether this lead may probe a failing buyer: one lead at a time does, and the others skip the buyer until it is
 * answered.
 */
export async function takeProbe(database: Database, id: string, now: number): Promise<boolean> {
  const { before, after } = await change(database, id, (circuit) => probing(circuit, now) ?? circuit);
  return after !== before;
}

/** Changes a circuit; retries after a conflict with a concurrent writer. */
async function change(
  { circuits }: Database,
  _id: string,
  rule: (circuit: Circuit) => Circuit,
): Promise<CircuitChange> {
  for (;;) {
    const found = await circuits.findOne({ _id });
    const before = found ?? CLOSED_CIRCUIT;
    const next = rule(before);
    const changed = { before, after: next };
    if (next === before) return changed;
    const version = (found?.version ?? 0) + 1;
    try {
      if (next === CLOSED_CIRCUIT) {
        if (found === null || (await circuits.deleteOne({ _id, version: found.version })).deletedCount === 1)
          return changed;
      } else if (found === null) {
        await circuits.insertOne({ ...next, _id, version });
        return changed;
      } else {
        const { failures, opens, openedAt, until, probeUntil, last } = next;
        const fields = { failures, opens, openedAt, until, probeUntil, last, version };
        const { matchedCount } = await circuits.replaceOne({ _id, version: found.version }, fields);
        if (matchedCount === 1) return changed;
      }
    } catch (error) {
      if (duplicateKeyOf(error) === undefined) throw error;
    }
  }
}
