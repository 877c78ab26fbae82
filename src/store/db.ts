import { MongoClient, type Collection, type Db, type MongoClientOptions } from 'mongodb';
import { SettingsError, type Settings } from '../config.js';
import type {
  AnswersDocument,
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
  sellers: Collection<SellerDocument>;
  buyers: Collection<BuyerDocument>;
  campaigns: Collection<CampaignDocument>;
  contracts: Collection<ContractDocument>;
  keys: Collection<KeyDocument>;
  leads: Collection<StoredLead>;
  rounds: Collection<RoundDocument>;
  sales: Collection<SaleDocument>;
  returns: Collection<ReturnDocument>;
  ledger: Collection<EntryDocument>;
  secrets: Collection<SecretDocument>;
  suppressions: Collection<SuppressionDocument>;
  /** The keys of persons' data; commands that touch none do without. */
  vault: Vault;
  usage: Collection<UsageDocument>;
  persons: Collection<PersonDocument>;
  turns: Collection<TurnsDocument>;
  circuits: Collection<CircuitDocument>;
  answers: Collection<AnswersDocument>;
  marketChanges: Collection<MarketChangeDocument>;
  audit: Collection<AuditDocument>;
  backups: Collection<BackupDocument>;
  applies: Collection<MarketVersionDocument>;
}

type Limits = Pick<
  MongoClientOptions,
  'serverSelectionTimeoutMS' | 'connectTimeoutMS' | 'socketTimeoutMS' | 'waitQueueTimeoutMS'
>;

/**
 * A client of the database; it connects when first used and again whenever the connection was lost. Writes are
 * acknowledged by a majority, so that what was answered survives the loss of a replica.
 *
 * What is to outlive an outage connects first (`client.connect()`): a client whose very first operation finds nobody is
 * closed by the driver for good.
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
    // What a process gives up waiting for is still at work in the database. With many connections, one that is slow for
    // a while is asked for more and more that nobody waits for, and never comes to what somebody does.
    maxPoolSize: 16,
    ...limits,
  });
  // The driver emits an error when a server of the set speaks a version that it does not; the operations fail by it too.
  client.on('error', () => undefined);
  const db = client.db(settings.MONGODB_DATABASE);
  const secrets = db.collection<SecretDocument>('secrets');
  return {
    client,
    db,
    sellers: db.collection('sellers'),
    buyers: db.collection('buyers'),
    campaigns: db.collection('campaigns'),
    contracts: db.collection('contracts'),
    keys: db.collection('keys'),
    leads: db.collection('leads'),
    rounds: db.collection('rounds'),
    sales: db.collection('sales'),
    returns: db.collection('returns'),
    ledger: db.collection('ledger'),
    secrets,
    suppressions: db.collection('suppressions'),
    vault: openVault(settings.MASTER_KEYS, secrets),
    usage: db.collection('usage'),
    persons: db.collection('persons'),
    turns: db.collection('turns'),
    circuits: db.collection('circuits'),
    answers: db.collection('answers'),
    marketChanges: db.collection('wakes'),
    audit: db.collection('audit'),
    backups: db.collection('backups'),
    applies: db.collection('applies'),
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
