import { isLongOver } from '../../market/calendar/windows.js';
import type { Database } from '../db.js';

const COUNTERS = ['sold', 'posts', 'spent'] as const;

/**
 * Forgets what was counted in windows that are over: nothing asks for it any more, and a cap an hour would add a count
 * for each of them for ever. A sale that is given back later counts down from nothing, in a window that is over too.
 * Returns how many counts were forgotten.
 */
export async function pruneUsage({ usage }: Database, now: number): Promise<number> {
  let pruned = 0;
  for await (const document of usage.find({}, { projection: { sold: 1, posts: 1, spent: 1 } })) {
    const over = COUNTERS.flatMap((counter) =>
      Object.keys(document[counter] ?? {})
        .filter((window) => isLongOver(window, now))
        .map((window) => `${counter}.${window}`),
    );
    if (over.length === 0) continue;
    await usage.updateOne(
      { _id: document._id },
      { $unset: Object.fromEntries(over.map((path) => [path, ''])) },
    );
    pruned += over.length;
  }
  return pruned;
}
