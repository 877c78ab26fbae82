import type { Database } from './db.js';

/** Queued work on one document in this process, which opens a database once. */
interface Lane {
  last: Promise<unknown>;
  /** Batches that wait for their turn, by kind of work. */
  waiting: Map<string, { items: unknown[]; results: Promise<unknown[]> }>;
}

const lanesOf = new WeakMap<Database, Map<string, Lane>>();

function laneOf(database: Database, name: string): Lane {
  const lanes = lanesOf.get(database) ?? new Map<string, Lane>();
  lanesOf.set(database, lanes);
  const lane = lanes.get(name) ?? { last: Promise.resolve(), waiting: new Map() };
  lanes.set(name, lane);
  return lane;
}

/**
 * Runs work on one document serially within this process, in the order of the calls. Concurrent transactions on one
 * document conflict, and all but one of them restart, each time.
 */
export function runSerially<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  const lane = laneOf(database, name);
  const done = lane.last.then(work);
  const last: Promise<unknown> = done
    .catch(() => undefined)
    .finally(() => {
      if (lane.last === last) lanesOf.get(database)?.delete(name);
    });
  lane.last = last;
  return done;
}

/**
 * The same for work that can be combined: calls that arrive while other work on the document runs are processed
 * together as one batch.
 * @param work returns the result of each item, in the same order; if it fails, it fails for all of them
 */
export async function runInBatches<Item, Result>(
  database: Database,
  { lane: name, kind }: { lane: string; kind: string },
  item: Item,
  work: (items: Item[]) => Promise<Result[]>,
): Promise<Result> {
  const { waiting } = laneOf(database, name);
  const batch = waiting.get(kind) as { items: Item[]; results: Promise<Result[]> } | undefined;
  if (batch !== undefined) {
    const place = batch.items.push(item) - 1;
    return (await batch.results)[place] as Result;
  }
  const items = [item];
  const results = runSerially(database, name, () => {
    waiting.delete(kind);
    return work(items);
  });
  waiting.set(kind, { items, results });
  return (await results)[0] as Result;
}

/** The queue for writes to one lead's document. */
export const leadLane = (leadId: string): string => `lead/${leadId}`;
