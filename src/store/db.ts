import { MongoClient, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { SettingsError, type Settings } from '../config.js';
import type {
  AnswersDocument,
  AppliesDocument,
  MarketTermsDocument,
  MarketVersionDocument,
  AuditDocument,
  BackupDocument,
  BuyerDocument,
  CampaignDocument,
  CircuitDocument,
  ContractDocument,
  EntryDocument,
  KeyDocument,
  PersonDocument,
  ReturnDocument,
  RoundDocument,
  SaleDocument,
  SecretDocument,
  SellerDocument,
  StoredLead,
  SuppressionDocument,
  TurnsDocument,
  UsageDocument,
  MarketChangeDocument,
} from './documents.js';
import { openVault, type Vault } from './vault.js';

/** A database: its client, its collections (documents.ts) and the keys of personal data. */
export interface Database {
  client: MongoClient;
  db: Db;
  /** Keys of personal data, loaded on first use; commands without personal data don't load them. */
  vault: Vault;

  // Market
  sellers: Collection<SellerDocument>;
  buyers: Collection<BuyerDocument>;
  campaigns: Collection<CampaignDocument>;
  contracts: Collection<ContractDocument>;
  applies: Collection<AppliesDocument>;
  marketVersions: Collection<MarketVersionDocument>;
  marketTerms: Collection<MarketTermsDocument>;
  marketChanges: Collection<MarketChangeDocument>;

  // Leads
  leads: Collection<StoredLead>;
  rounds: Collection<RoundDocument>;

  // Sales and books
  sales: Collection<SaleDocument>;
  returns: Collection<ReturnDocument>;
  ledger: Collection<EntryDocument>;
  usage: Collection<UsageDocument>;

  // Fairness
  turns: Collection<TurnsDocument>;
  circuits: Collection<CircuitDocument>;
  answers: Collection<AnswersDocument>;

  // Persons
  persons: Collection<PersonDocument>;
  suppressions: Collection<SuppressionDocument>;
  secrets: Collection<SecretDocument>;

  // Access
  keys: Collection<KeyDocument>;

  // Upkeep
  audit: Collection<AuditDocument>;
  backups: Collection<BackupDocument>;
}

type Limits = Pick<
  MongoClientOptions,
  'serverSelectionTimeoutMS' | 'connectTimeoutMS' | 'socketTimeoutMS' | 'waitQueueTimeoutMS'
>;

/**
 * Opens a client. It connects on first use, and again whenever the connection is lost. Writes are acknowledged by a
 * majority, so acknowledged data survives the loss of a replica.
 *
 * A process that must survive an outage calls `client.connect()` first: if a client's very first operation finds no
 * server, the driver closes the client permanently.
 */
export function openDatabase(
  settings: Pick<Settings, 'MONGODB_URL' | 'MONGODB_DATABASE'> & Partial<Pick<Settings, 'MASTER_KEYS'>>,
  limits: Limits = {},
): Database {
  const client = newClient(settings.MONGODB_URL, {
    appName: 'gavel',
    writeConcern: { w: 'majority' },
    ignoreUndefined: true,
    serverSelectionTimeoutMS: 2000,
    // An operation that times out in the process still runs in the database. With a large pool, a slow database would
    // receive more and more abandoned operations, and never get to those with a waiting caller.
    maxPoolSize: 16,
    ...limits,
  });
  // The driver emits an error if a server of the set has an unsupported version. The operations fail too.
  client.on('error', () => undefined);
  const db = client.db(settings.MONGODB_DATABASE);
  const secrets = db.collection<SecretDocument>('secrets');
  return {
    client,
    db,
    vault: openVault(settings.MASTER_KEYS, secrets),
    sellers: db.collection('sellers'),
    buyers: db.collection('buyers'),
    campaigns: db.collection('campaigns'),
    contracts: db.collection('contracts'),
    applies: db.collection('applies'),
    marketVersions: db.collection('marketVersions'),
    marketTerms: db.collection('marketTerms'),
    marketChanges: db.collection('wakes'),
    leads: db.collection('leads'),
    rounds: db.collection('rounds'),
    sales: db.collection('sales'),
    returns: db.collection('returns'),
    ledger: db.collection('ledger'),
    usage: db.collection('usage'),
    turns: db.collection('turns'),
    circuits: db.collection('circuits'),
    answers: db.collection('answers'),
    persons: db.collection('persons'),
    suppressions: db.collection('suppressions'),
    secrets,
    keys: db.collection('keys'),
    audit: db.collection('audit'),
    backups: db.collection('backups'),
  };
}

/** @throws SettingsError without the driver's message, which quotes the address and its password */
function newClient(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const unknown = /^options? [\w, ]+ (is|are) not supported$/.test(message) ? ` (${message})` : '';
    throw new SettingsError(
      `MongoDB’s driver can't use MONGODB_URL${unknown}. Write mongodb://USER@HOST:PORT/?replicaSet=NAME, with MONGODB_PASSWORD beside it.`,
    );
  }
}
