import type { Database } from './db.js';

/** Work on one document in this process; a database is opened once there. */
interface Lane {
  /** What comes last. */
  last: Promise<unknown>;
  /** Batches that wait for their turn, by kind. */
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
 * Runs work on one document one after another within this process, in the order in which it came. Transactions on one
 * document that run side by side conflict, and all but one of them start again, each time.
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
 * The same for work of one kind that can be done in one go: what comes while other work on the document is under way is
 * done together when its turn comes.
 * @param work gives each item its result, in the same order; if it fails, it fails for all of them
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

/** The lane of everything that writes into one lead's document. */
export const leadLane = (leadId: string): string => `lead/${leadId}`;
