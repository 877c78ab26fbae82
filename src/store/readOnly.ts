import type { Collection, Document, Filter, FindCursor, FindOptions, WithId } from 'mongodb';
import type { Database } from './db.js';

export interface ReadOnlyCollection<T> {
  find: (filter: Filter<T>, options?: FindOptions) => FindCursor<WithId<T>>;
}

/** The part of a database for code that must not change anything: it gives no access to a write. */
export type ReadOnlyDatabase = ReturnType<typeof readOnly>;

export const readOnly = (database: Database) => ({
  sellers: reading(database.sellers),
  buyers: reading(database.buyers),
  campaigns: reading(database.campaigns),
  contracts: reading(database.contracts),
  leads: reading(database.leads),
  rounds: reading(database.rounds),
  sales: reading(database.sales),
  returns: reading(database.returns),
  ledger: reading(database.ledger),
  usage: reading(database.usage),
  persons: reading(database.persons),
  turns: reading(database.turns),
  vault: { masterKeys: () => database.vault.masterKeys() },
});

const reading = <T extends Document>(collection: Collection<T>): ReadOnlyCollection<T> => ({
  find: (filter, options) => collection.find(filter, options),
});
