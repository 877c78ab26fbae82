import type { Database } from '../db.js';

/**
 * Creates missing indexes. Every process runs this when it starts.
 *
 * An index of leads is sparse instead of partial if it serves a query that runs every few seconds: the local database
 * doesn't use a partial index for a condition on the indexed field (docs/decisions/local-database.md).
 */
export async function ensureIndexes(database: Database): Promise<void> {
  await marketIndexes(database);
  await keyIndexes(database);
  await leadIndexes(database);
  await saleIndexes(database);
  const { audit, answers, payloads } = database;
  await audit.createIndex({ id: 1 });
  await answers.createIndex({ hour: 1 });
  await payloads.createIndex({ source: 1, _id: -1 });
  await payloads.createIndex({ dueAt: 1 }, { sparse: true }, {});
  await payloads.createIndex({ expiresAt: 1 });
}

async function marketIndexes({
  sellers,
  campaigns,
  contracts,
  marketVersions,
  specs,
}: Database): Promise<void> {
  await sellers.createIndex({ slug: 1 }, { unique: true }, {});
  await campaigns.createIndex({ seller: 1, categoryKey: 1 }, { unique: true }, {});
  await contracts.createIndex({ campaign: 1 });
  await specs.createIndex({ token: 1 }, { unique: true }, {});
  await marketVersions.createIndex({ 'changes.id': 1, _id: -1 });
  for (const terms of [campaigns, contracts])
    await terms.createIndex({ 'duplicates.per': 1 }, { sparse: true }, {});
}

async function keyIndexes({ keys, secrets }: Database): Promise<void> {
  await secrets.createIndex({ buyer: 1 }, { sparse: true }, {});
  await keys.createIndex({ hash: 1 }, { unique: true }, {});
  await keys.createIndex({ seller: 1 });
}

async function leadIndexes({ leads }: Database): Promise<void> {
  await leads.createIndex({ dueAt: 1 }, { name: 'due', sparse: true }, {});
  await leads.createIndex({ 'idempotency.key': 1 }, { name: 'idempotency', unique: true, sparse: true }, {});
  await leads.createIndex({ seller: 1, receivedAt: -1 });
  await leads.createIndex({ campaign: 1, _id: -1 });
  await leads.createIndex({ campaign: 1, _id: 1 }, { partialFilterExpression: { status: 'pending' } }, {});
  for (const by of ['match.phone', 'match.email']) await leads.createIndex({ [by]: 1, receivedAt: -1 });
  for (const by of ['unsettled', 'heldForOps', 'buyerIds'])
    await leads.createIndex({ [by]: 1 }, { sparse: true }, {});
  await leads.createIndex(
    { campaign: 1, receivedAt: 1 },
    { partialFilterExpression: { 'person.key': { $exists: true } } },
    {},
  );
  await leads.createIndex(
    { withoutPerson: 1, campaign: 1, receivedAt: 1 },
    { partialFilterExpression: { withoutPerson: true } },
    {},
  );
  await leads.createIndex({ repeatsUntil: 1 }, { sparse: true }, {});
  await leads.createIndex({ 'erased.at': 1 }, { sparse: true }, {});
}

async function saleIndexes({ sales, ledger, mails, pings }: Database): Promise<void> {
  await mails.createIndex({ sweepAt: 1 });
  await mails.createIndex({ contract: 1, dueAt: 1 });
  await pings.createIndex({ expiresAt: 1 });
  await sales.createIndex({ lead: 1 });
  await sales.createIndex({ seller: 1, at: -1 });
  await sales.createIndex({ buyer: 1, at: -1 });
  await ledger.createIndex({ sale: 1 });
  await ledger.createIndex({ account: 1, at: 1 });
  // In the order of statements, so that a page is read without sorting the rest.
  await ledger.createIndex({ account: 1, currency: 1, at: 1, _id: 1 });
}
