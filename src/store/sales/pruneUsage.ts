import { isLongOver } from '../../market/calendar/windows.js';
import type { Database } from '../db.js';

const COUNTERS = ['sold', 'posts', 'spent'] as const;

/**
 * Removes the counts of windows that are over. Nothing reads them any more, and an hourly cap would add a count per
 * hour forever. A later return subtracts from nothing, in a window that is over too. Returns the number of removed
 * counts.
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
