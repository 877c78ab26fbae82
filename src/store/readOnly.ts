import type { Collection, Document, Filter, FindCursor, FindOptions, WithId } from 'mongodb';
import type {
  BuyerDocument,
  CampaignDocument,
  ContractDocument,
  EntryDocument,
  PersonDocument,
  ReturnDocument,
  RoundDocument,
  SaleDocument,
  SellerDocument,
  StoredLead,
  TurnsDocument,
  UsageDocument,
} from './documents.js';
import type { Database } from './db.js';
import type { Vault } from './vault.js';

/** A collection without writes. */
export interface ReadOnlyCollection<T> {
  find: (filter: Filter<T>, options?: FindOptions) => FindCursor<WithId<T>>;
}

/** The part of a database for code that must not change anything: it gives no access to a write. */
export interface ReadOnlyDatabase {
  sellers: ReadOnlyCollection<SellerDocument>;
  buyers: ReadOnlyCollection<BuyerDocument>;
  campaigns: ReadOnlyCollection<CampaignDocument>;
  contracts: ReadOnlyCollection<ContractDocument>;
  leads: ReadOnlyCollection<StoredLead>;
  rounds: ReadOnlyCollection<RoundDocument>;
  sales: ReadOnlyCollection<SaleDocument>;
  returns: ReadOnlyCollection<ReturnDocument>;
  ledger: ReadOnlyCollection<EntryDocument>;
  usage: ReadOnlyCollection<UsageDocument>;
  persons: ReadOnlyCollection<PersonDocument>;
  turns: ReadOnlyCollection<TurnsDocument>;
  vault: Pick<Vault, 'masterKeys'>;
}

export function readOnly(database: Database): ReadOnlyDatabase {
  const reading = <T extends Document>(collection: Collection<T>): ReadOnlyCollection<T> => ({
    find: (filter, options) => collection.find(filter, options),
  });
  const { sellers, buyers, campaigns, contracts, leads, rounds, sales, returns } = database;
  const { ledger, usage, persons, turns, vault } = database;
  return {
    sellers: reading(sellers),
    buyers: reading(buyers),
    campaigns: reading(campaigns),
    contracts: reading(contracts),
    leads: reading(leads),
    rounds: reading(rounds),
    sales: reading(sales),
    returns: reading(returns),
    ledger: reading(ledger),
    usage: reading(usage),
    persons: reading(persons),
    turns: reading(turns),
    vault: { masterKeys: () => vault.masterKeys() },
  };
}
