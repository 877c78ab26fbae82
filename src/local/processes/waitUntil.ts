import { setTimeout as sleep } from 'node:timers/promises';
import { deathOf, withLog, type Part } from './processes.js';

const PATIENCE_MS = 60_000;

/**
 * Waits until a part answers as it should, asking again and again.
 * @throws LocalStackError when the part ends instead, or has not answered after a minute
 */
export async function waitUntil(part: Part, isReady: () => Promise<boolean>): Promise<void> {
  let died: string | undefined;
  void part.ended.then((how) => (died = how));
  const until = Date.now() + PATIENCE_MS;
  while (!(await isReady().catch(() => false))) {
    if (died !== undefined) throw deathOf(part, died);
    if (Date.now() > until) {
      throw withLog(part, `${part.name} does not answer after ${PATIENCE_MS / 1000} s`);
    }
    await sleep(50);
  }
}
