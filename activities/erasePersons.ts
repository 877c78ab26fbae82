import { erasePast } from '../src/store/retention.js';
import type { Deps } from './index.js';

/** Times in UTC ms, as workflows keep them. */
export interface Retention {
  /** Leads that ended before. */
  before: number;
  /** Where the batch before has ended. */
  after: number;
}

const BATCH = 500;

/** Erases one batch of persons whose time is over; tells how many, and where the next batch begins if there is one. */
export const erasePersons =
  ({ database, log }: Pick<Deps, 'database' | 'log'>) =>
  async ({ before, after }: Retention): Promise<{ erased: number; next?: number }> => {
    const { erased, next } = await erasePast(database, new Date(before), new Date(after), BATCH);
    if (erased > 0) log.info({ event: 'persons_erased', leads: erased });
    return { erased, ...(next && { next: next.getTime() }) };
  };
