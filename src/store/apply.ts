import type { ClientBulkWriteModel, ClientSession } from 'mongodb';
import { v7 } from 'uuid';
import { NOTHING_BOUND, unmet, type Assumption } from '../market/file/assumptions.js';
import type { Fault } from '../market/file/fault.js';
import { marketInFile } from '../market/file/marketInFile.js';
import type { Market } from '../market/file/parseMarket.js';
import { auditWrites, type Actor, type AuditDocument } from './audit.js';
import { planApply, restOf, type ApplyPlan, type Change, type StoredMarket } from './applyPlan.js';
import { boundCurrencies } from './boundCurrencies.js';
import { accountId, type UsageDocument } from './capacity.js';
import type { Database } from './db.js';
import type { EntryDocument } from './ledger.js';
import { marketTag } from './marketTag.js';
import { readMarket, termsOf } from './readMarket.js';
import { rethrowCause } from './rethrowCause.js';
import { hearsOfLowAgain } from './lowBalance.js';
import { makeSigning, type Recipient, type Signed } from './signing.js';
import { topUpWrites } from './topUp.js';
import { wakeWrites, type WakeDocument } from './wakes.js';

export interface ApplyOptions {
  /** Who applies it, for the audit. */
  by?: Actor;
  /** Removes the contracts and deactivates the campaigns that the market does not name; see planApply. */
  prune: boolean;
  /** Finds out what would change, and changes nothing. */
  dryRun?: boolean;
  /** Only if the market is still the one with this tag; see marketTag. */
  ifTag?: string;
}

/** What was changed, or would be; or why nothing was. */
export type Applied = { changes: Change[] } | { faults: Fault[] } | { changedMeanwhile: true };

/** How often the market was changed. Each change writes it, so that two at once are in each other's way. */
export interface AppliesDocument {
  _id: 'market';
  times: number;
}

/**
 * Makes the store match a market, all of it or nothing, in one transaction that the driver repeats where another
 * writer was in the way. Faults are the market's assumptions that the store does not bear out.
 */
export async function applyMarket(
  database: Database,
  market: Market,
  { by, prune, dryRun = false, ifTag }: ApplyOptions,
): Promise<Applied> {
  return database.client.withSession((session) =>
    session.withTransaction(async (): Promise<Applied> => {
      const stored = await readMarket(database, session);
      if (ifTag !== undefined && ifTag !== marketTag(marketInFile(termsOf(stored))))
        return { changedMeanwhile: true };
      const [codes, contracts] = [
        market.sellers.map(({ code }) => code),
        market.contracts.map(({ id }) => id),
      ];
      const staying = prune ? { ...stored, contracts: [] } : stored;
      const bound = await boundCurrencies(database, stored, market, session);
      const faults = unmet(market.assumptions, restOf(staying, codes, contracts, bound));
      if (faults.length > 0) return { faults };
      const plan = planApply(stored, market, prune);
      if (!dryRun) await write(database, plan, by, session);
      return { changes: plan.changes };
    }),
  );
}

/**
 * Of what a faulty file takes for granted, what the store does not bear out: so that all of its faults are told at
 * once. What depends on the whole file waits until it can be read.
 */
export async function unmetByStore(database: Database, assumptions: Assumption[]): Promise<Fault[]> {
  const [sellers, buyers] = await Promise.all([
    database.sellers.find().toArray(),
    database.buyers.find().toArray(),
  ]);
  const codes = assumptions.flatMap((one) => (one.kind === 'slug' ? one.code : []));
  return unmet(
    assumptions,
    restOf({ sellers, buyers, campaigns: [], contracts: [] }, codes, [], NOTHING_BOUND),
  );
}

/** The client's bulkWrite reaches all collections in one round trip. */
type StoredDocument =
  | StoredMarket[keyof StoredMarket][number]
  | EntryDocument
  | UsageDocument
  | WakeDocument
  | AuditDocument
  | AppliesDocument;
type Collections = Record<string, StoredDocument>;
type Write = ClientBulkWriteModel<Collections>;

async function write(
  database: Database,
  plan: ApplyPlan,
  by: Actor | undefined,
  session: ClientSession,
): Promise<void> {
  const { client, db } = database;
  const left: Write[] = [];
  // One after another: a session runs one operation at a time.
  for (const buyer of plan.prepaidAgain) left.push(await leftOf(database, buyer, session));
  const signed = {
    sellers: plan.write.sellers.map((seller) => withSecret(database, 'seller', seller)),
    buyers: plan.write.buyers.map((buyer) => withSecret(database, 'buyer', buyer)),
  };
  const writes = [
    ...slugsOutOfTheWay(`${db.databaseName}.sellers`, plan.write.sellers),
    ...Object.entries<StoredDocument[]>({ ...plan.write, ...signed }).flatMap(([collection, documents]) =>
      documents.map((document) => replacement(`${db.databaseName}.${collection}`, document)),
    ),
    ...plan.remove.map((_id): Write => ({
      name: 'deleteOne',
      namespace: `${db.databaseName}.contracts`,
      filter: { _id },
    })),
    ...plan.reckonedIn.map((buyer) => reckonIn(db.databaseName, buyer)),
    ...left,
    ...plan.topUps.flatMap((topUp) => topUpWrites(database, topUp, v7())),
    ...plan.hearAgain.map((buyer) => hearsOfLowAgain(database, buyer)),
    ...wakeWrites(database, plan.wakes, plan.waitAnew),
    ...(by ? auditWrites(database, by, plan.deeds) : []),
  ];
  if (writes.length === 0) return;
  const all = [...writes, countApply(db.databaseName)];
  await client.bulkWrite<Collections>(all, { session }).catch(rethrowCause);
}

/** Who is new gets a secret; the plain one that an earlier release stored is put under the master key. */
function withSecret<T extends Signed>({ vault }: Database, kind: Recipient['kind'], document: T): T {
  const { _id: id, signing, secret } = document;
  const own = signing ?? makeSigning(vault, { kind, id }, secret || undefined);
  return { ...document, secret: undefined, signing: own };
}

/**
 * Two changes of different contracts write no document in common, so without this one both could go by what the market
 * was before either.
 */
const countApply = (database: string): Write => ({
  name: 'updateOne',
  namespace: `${database}.applies`,
  filter: { _id: 'market' },
  update: { $inc: { times: 1 } },
  upsert: true,
});

/**
 * A buyer that pays in advance again has what it once paid in, less what it has bought since, on account too: its
 * balance is what the ledger says, less what is held for posts under way.
 */
async function leftOf(
  { ledger, usage, db }: Database,
  { id, currency }: ApplyPlan['prepaidAgain'][number],
  session: ClientSession,
): Promise<Write> {
  const account = accountId(id);
  const paid = await ledger.findOne({ account, kind: 'top_up', currency }, { session, sort: { at: 1 } });
  const since = { account, currency, at: { $gte: paid?.at ?? new Date() } };
  const entries = await ledger.find(since, { session, projection: { amount: 1 } }).toArray();
  const { held = {} } = (await usage.findOne({ _id: account }, { session })) ?? {};
  const underWay = Object.values(held).reduce((sum, { price = 0 }) => sum + price, 0);
  const balance = entries.reduce((sum, { amount }) => sum + amount, -underWay);
  return {
    name: 'updateOne',
    namespace: `${db.databaseName}.usage`,
    filter: { _id: account },
    update: { $set: { balance } },
    upsert: true,
  };
}

/** The account itself says what it is in, so that a payment or a sale of another currency finds no place there. */
const reckonIn = (database: string, { id, currency }: ApplyPlan['reckonedIn'][number]): Write => ({
  name: 'updateOne',
  namespace: `${database}.usage`,
  filter: { _id: accountId(id) },
  update: { $set: { currency } },
  upsert: true,
});

const replacement = (namespace: string, document: StoredDocument): Write => ({
  name: 'replaceOne',
  namespace,
  filter: { _id: document._id },
  replacement: document,
  upsert: true,
});

/** Two sellers may swap their slugs, which are unique: for a moment each has its code, which is no slug, instead. */
function slugsOutOfTheWay(namespace: string, sellers: StoredMarket['sellers']): Write[] {
  return sellers.map(({ _id }) => ({
    name: 'updateOne',
    namespace,
    filter: { _id },
    update: { $set: { slug: _id } },
  }));
}
