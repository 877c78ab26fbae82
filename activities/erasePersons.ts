import { forgetRepeats } from '../src/store/persons/erase.js';
import {
  eraseByRetention,
  type Retention,
  type RetentionBatch,
  type RetentionCursor,
} from '../src/store/persons/retention.js';
import type { Deps } from './deps.js';

const BATCH = 500;
const START: RetentionCursor = { campaign: '', after: 0 };

/** Erases one batch of persons whose time is over; tells how many, and where the next batch begins if there is one. */
export const erasePersons =
  ({ database, log }: Pick<Deps, 'database' | 'log'>) =>
  async ({ from = START, ...retention }: Retention & { from?: RetentionCursor }): Promise<RetentionBatch> => {
    if (from === START) await forgetRepeats(database, retention.now);
    const done = await eraseByRetention(database, retention, from, BATCH);
    if (done.erased > 0) log.info({ event: 'persons_erased', leads: done.erased });
    return done;
  };
