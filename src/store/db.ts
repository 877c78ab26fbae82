import { MongoClient, type MongoClientOptions } from 'mongodb';
import { SettingsError, type Settings } from '../config.js';
import type * as stored from './documents.js';
import { openVault } from './vault.js';

/** A database: its client, its collections (documents.ts) and the keys of personal data. */
export type Database = ReturnType<typeof openDatabase>;

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
) {
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
  const secrets = db.collection<stored.SecretDocument>('secrets');
  return {
    client,
    db,
    /** Keys of personal data, loaded on first use; commands without personal data don't load them. */
    vault: openVault(settings.MASTER_KEYS, secrets),

    // Market
    sellers: db.collection<stored.SellerDocument>('sellers'),
    buyers: db.collection<stored.BuyerDocument>('buyers'),
    campaigns: db.collection<stored.CampaignDocument>('campaigns'),
    contracts: db.collection<stored.ContractDocument>('contracts'),
    applies: db.collection<stored.AppliesDocument>('applies'),
    marketVersions: db.collection<stored.MarketVersionDocument>('marketVersions'),
    marketTerms: db.collection<stored.MarketTermsDocument>('marketTerms'),
    marketChanges: db.collection<stored.MarketChangeDocument>('wakes'),
    specs: db.collection<stored.SpecsDocument>('specs'),

    // Leads
    leads: db.collection<stored.StoredLead>('leads'),
    rounds: db.collection<stored.RoundDocument>('rounds'),
    pings: db.collection<stored.PingDocument>('pings'),
    payloads: db.collection<stored.PayloadDocument>('payloads'),

    // Sales and books
    sales: db.collection<stored.SaleDocument>('sales'),
    returns: db.collection<stored.ReturnDocument>('returns'),
    ledger: db.collection<stored.EntryDocument>('ledger'),
    mails: db.collection<stored.MailDocument>('mails'),
    usage: db.collection<stored.UsageDocument>('usage'),

    // Fairness
    turns: db.collection<stored.TurnsDocument>('turns'),
    circuits: db.collection<stored.CircuitDocument>('circuits'),
    answers: db.collection<stored.AnswersDocument>('answers'),

    // Persons
    persons: db.collection<stored.PersonDocument>('persons'),
    suppressions: db.collection<stored.SuppressionDocument>('suppressions'),
    secrets,

    // Access
    keys: db.collection<stored.KeyDocument>('keys'),

    // Upkeep
    audit: db.collection<stored.AuditDocument>('audit'),
    backups: db.collection<stored.BackupDocument>('backups'),
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
