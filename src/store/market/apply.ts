import type { ClientBulkWriteModel, ClientSession } from 'mongodb';
import { v7 } from 'uuid';
import { unchangeable } from '../../market/file/boundCurrency.js';
import type { Market } from '../../market/model/market.js';
import {
  changeMarket,
  type ChangedMarket,
  type Changing,
  type MarketFile,
} from '../../market/file/changeMarket.js';
import { byPosition, type Fault } from '../../market/file/fault.js';
import { marketInFile } from '../../market/file/marketInFile.js';
import { auditWrites, type Actor } from '../audit.js';
import type {
  MarketTermsDocument,
  MarketVersionDocument,
  AuditDocument,
  EntryDocument,
  WithSigning,
  StoredMarket,
  UsageDocument,
  MarketChangeDocument,
} from '../documents.js';
import { needsConfirmation, planApply, type ApplyPlan, type Change } from './applyPlan.js';
import { boundCurrencies } from './boundCurrencies.js';
import { accountId } from '../sales/capacity.js';
import type { Database } from '../db.js';
import { marketTag, readMarket, termsOf } from './readMarket.js';
import { inTransaction, rethrowServerError } from '../transaction.js';
import { MOST_COUNTED, waitingLonger } from '../leads/leads.js';
import { rearmLowBalanceNotice } from '../books/lowBalance.js';
import { makeSigning, type Recipient } from '../keys/signing.js';
import { topUpWrites } from '../books/topUp.js';
import { marketChangeWrites } from '../marketChanges.js';
import { versionWrites } from './versions.js';

export interface ApplyOptions extends Changing {
  by?: Actor;
  /** Returns the plan without changing anything. */
  dryRun?: boolean;
  /** Only if the market still has this tag; see `marketTag`. */
  ifTag?: string;
  /** The plan's warnings are confirmed, or need no confirmation. */
  confirmed?: boolean;
}

/** The plan of the change that was made, or of a dry run; or why nothing was changed. */
export type ApplyResult = Plan | { unconfirmed: Plan } | { faults: Fault[] } | { changedMeanwhile: true };

export interface Plan {
  changes: Change[];
  /** The tag of the market that the plan is based on. */
  tag: string;
  /** The new terms of everything that the file names. */
  named: Market;
  /** Contracts with bid models, which an apply ignores. */
  models: { id: string }[];
  expireSooner: ApplyPlan['expireSooner'];
}

/**
 * Merges a market file into the stored market, all or nothing, in one transaction, which the driver retries after a
 * conflict. Unless it is confirmed, a plan with warnings changes nothing.
 */
export async function applyMarket(
  database: Database,
  file: MarketFile,
  { by, dryRun = false, ifTag, confirmed = false, ...changing }: ApplyOptions = {},
): Promise<ApplyResult> {
  const applied = await inTransaction(database.client, async (session): Promise<ApplyResult> => {
    const stored = await readMarket(database, session);
    const before = termsOf(stored);
    const tag = marketTag(marketInFile(before));
    if (ifTag !== undefined && ifTag !== tag) return { changedMeanwhile: true };
    const result = changeMarket(file, before, changing);
    if (!('changed' in result)) return result;
    const faults = await boundFaults(database, stored, result.changed, session);
    if (faults.length > 0) return { faults };
    const made = planApply(stored, result.changed);
    const models = result.changed.models.filter(({ model }) => model !== undefined);
    const { changes, expireSooner } = made;
    const plan: Plan = { changes, tag, named: namedTerms(result.changed), models, expireSooner };
    if (dryRun) return plan;
    if (!confirmed && needsConfirmation(made.changes)) return { unconfirmed: plan };
    await write(database, stored, made, by, session);
    return plan;
  });
  // After the transaction, because a slow count could make it fail.
  if ('unconfirmed' in applied) return { unconfirmed: await withExpiring(database, applied.unconfirmed) };
  return dryRun && 'changes' in applied ? withExpiring(database, applied) : applied;
}

/** Adds the number of waiting leads that a plan ends. */
async function withExpiring(database: Database, plan: Plan): Promise<Plan> {
  if (plan.expireSooner.length === 0) return plan;
  const expiring = new Map<string, string>();
  for (const { id, expireAfter } of plan.expireSooner) {
    const count = await waitingLonger(database, id, expireAfter);
    if (count > 0) expiring.set(id, `expires ${leadsText(count)} at once`);
  }
  const changes = plan.changes.map((change): Change => {
    const more = change.kind === 'campaign' ? expiring.get(change.id) : undefined;
    return more === undefined ? change : { ...change, warnings: [...(change.warnings ?? []), more] };
  });
  return { ...plan, changes };
}

const leadsText = (count: number): string => {
  if (count >= MOST_COUNTED) return `${MOST_COUNTED} waiting leads or more`;
  return count === 1 ? '1 waiting lead' : `${count} waiting leads`;
};

/** Faults of currencies that can't change because amounts are stored in them. */
async function boundFaults(
  database: Database,
  stored: StoredMarket,
  { terms, placeOf }: ChangedMarket,
  session: ClientSession,
): Promise<Fault[]> {
  const bound = await boundCurrencies(database, stored, terms, session);
  const campaigns = terms.campaigns.flatMap(({ id, currency }, i): Fault[] => {
    const by = bound.campaigns.get(id);
    return by ? [{ ...placeOf(['campaigns', i, 'currency']), message: unchangeable(by, currency) }] : [];
  });
  const buyers = terms.buyers.flatMap(({ id, currency = 'USD' }, i): Fault[] => {
    const by = bound.buyers.get(id);
    return by ? [{ ...placeOf(['buyers', i, 'currency']), message: unchangeable(by, currency) }] : [];
  });
  return [...buyers, ...campaigns].sort(byPosition);
}

function namedTerms({ terms, named }: ChangedMarket): Market {
  const names = {
    sellers: new Set(named.sellers),
    buyers: new Set(named.buyers),
    campaigns: new Set(named.campaigns),
    contracts: new Set(named.contracts),
  };
  return {
    sellers: terms.sellers.filter(({ code }) => names.sellers.has(code)),
    buyers: terms.buyers.filter(({ id }) => names.buyers.has(id)),
    campaigns: terms.campaigns.filter(({ id }) => names.campaigns.has(id)),
    contracts: terms.contracts.filter(({ id }) => names.contracts.has(id)),
  };
}

/** The client's bulkWrite reaches all collections in one round trip. */
type StoredDocument =
  | StoredMarket[keyof StoredMarket][number]
  | EntryDocument
  | UsageDocument
  | MarketChangeDocument
  | AuditDocument
  | MarketVersionDocument
  | MarketTermsDocument;
type Collections = Record<string, StoredDocument>;
type Write = ClientBulkWriteModel<Collections>;

async function write(
  database: Database,
  stored: StoredMarket,
  plan: ApplyPlan,
  by: Actor | undefined,
  session: ClientSession,
): Promise<void> {
  const { client, db } = database;
  const balances: Write[] = [];
  // Sequential: a session runs one operation at a time.
  for (const buyer of plan.prepaidAgain) balances.push(await restoredBalance(database, buyer, session));
  const signed = {
    sellers: plan.write.sellers.map((seller) => withSecret(database, 'seller', seller)),
    buyers: plan.write.buyers.map((buyer) => withSecret(database, 'buyer', buyer)),
  };
  const writes = [
    ...clearSlugs(`${db.databaseName}.sellers`, plan.write.sellers),
    ...Object.entries<StoredDocument[]>({ ...plan.write, ...signed }).flatMap(([collection, documents]) =>
      documents.map((document) => replacement(`${db.databaseName}.${collection}`, document)),
    ),
    ...plan.remove.map((_id): Write => ({
      name: 'deleteOne',
      namespace: `${db.databaseName}.contracts`,
      filter: { _id },
    })),
    ...plan.newCurrencies.map((buyer) => setCurrency(db.databaseName, buyer)),
    ...balances,
    ...plan.topUps.flatMap((topUp) => topUpWrites(database, topUp, v7())),
    ...plan.rearmLowBalance.map((buyer) => rearmLowBalanceNotice(database, buyer)),
    ...marketChangeWrites(database, plan.interestedContracts, plan.changedPending),
    ...(by ? auditWrites(database, by, plan.auditEvents) : []),
  ];
  if (writes.length === 0) return;
  const recorded = await versionWrites(
    database,
    {
      by,
      stored,
      write: plan.write,
      remove: plan.remove,
      changes: plan.auditEvents.map(({ kind, id, did }) => ({ kind, id, did })),
    },
    session,
  );
  await client.bulkWrite<Collections>([...writes, ...recorded], { session }).catch(rethrowServerError);
}

/** Creates the secret of a new buyer or seller, and wraps the plaintext secret of an earlier release. */
function withSecret<T extends WithSigning>({ vault }: Database, kind: Recipient['kind'], document: T): T {
  const { _id: id, signing, secret } = document;
  const own = signing ?? makeSigning(vault, { kind, id }, secret || undefined);
  return { ...document, secret: undefined, signing: own };
}

/**
 * The balance of a buyer that is prepaid again: what it once paid in minus what it has bought since, on account too.
 * Read from the ledger, minus the reservations in progress.
 */
async function restoredBalance(
  { ledger, usage, db }: Database,
  { id, currency }: ApplyPlan['prepaidAgain'][number],
  session: ClientSession,
): Promise<Write> {
  const account = accountId(id);
  const paid = await ledger.findOne({ account, kind: 'top_up', currency }, { session, sort: { at: 1 } });
  const since = { account, currency, at: { $gte: paid?.at ?? new Date() } };
  const entries = await ledger.find(since, { session, projection: { amount: 1 } }).toArray();
  const { reserved = {} } = (await usage.findOne({ _id: account }, { session })) ?? {};
  const underWay = Object.values(reserved).reduce((sum, { price = 0 }) => sum + price, 0);
  const balance = entries.reduce((sum, { amount }) => sum + amount, -underWay);
  return {
    name: 'updateOne',
    namespace: `${db.databaseName}.usage`,
    filter: { _id: account },
    update: { $set: { balance } },
    upsert: true,
  };
}

/** The account has the currency, so a payment or a sale in another currency does not match it. */
const setCurrency = (database: string, { id, currency }: ApplyPlan['newCurrencies'][number]): Write => ({
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

/** Two sellers may swap their slugs, which are unique: first each gets its code, which is no valid slug, as slug. */
function clearSlugs(namespace: string, sellers: StoredMarket['sellers']): Write[] {
  return sellers.map(({ _id }) => ({
    name: 'updateOne',
    namespace,
    filter: { _id },
    update: { $set: { slug: _id } },
  }));
}
