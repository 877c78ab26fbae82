import type { ClientSession } from 'mongodb';
import { categoryKey, type Market } from '../../market/model/market.js';
import {
  writtenBuyer,
  writtenCampaign,
  writtenContract,
  writtenSeller,
  type Written,
} from '../../market/file/written.js';
import { changedValues, redactedValues, type Actor } from '../audit.js';
import type { Database } from '../db.js';
import type {
  AuditEvent,
  MarketTermsDocument,
  MarketVersionDocument,
  StoredMarket,
  VersionedTerms,
} from '../documents.js';
import { currentBuyer, currentCampaign, currentContract, currentSeller } from './earlierMarket.js';
import { termsOf } from './readMarket.js';

/** The number of the market's current version; 0 if it was never changed. In a session, as its transaction sees it. */
export async function currentVersion(
  { applies }: Pick<Database, 'applies'>,
  session?: ClientSession,
): Promise<number> {
  return (await applies.findOne({ _id: 'market' }, { session }))?.times ?? 0;
}

export interface NewVersion {
  by?: Actor;
  stored: StoredMarket;
  write: StoredMarket;
  remove: readonly string[];
  changes: MarketVersionDocument['changes'];
}

/**
 * Writes that count and record a version, for the transaction that makes it. If the version before was not recorded,
 * because an earlier release made it, it is recorded too, with the whole market.
 */
export async function versionWrites(
  database: Database,
  { by, stored, write, remove, changes }: NewVersion,
  session: ClientSession,
) {
  const before = await currentVersion(database, session);
  const version = before + 1;
  const isKnown = await database.marketVersions.findOne({ _id: before }, { session, projection: { _id: 1 } });
  const at = new Date();
  const whole = isKnown === null ? objectsOf(termsOf(stored)) : [];
  const changed = [
    ...objectsOf(termsOf(write)),
    ...remove.map((id): VersionedTerms => ({ kind: 'contract', id })),
  ];
  const versions: MarketVersionDocument[] = [{ _id: version, at, ...by, changes }];
  if (whole.length > 0) versions.unshift({ _id: before, at, whole: true, changes: [] });
  const namespace = (collection: string): string => `${database.db.databaseName}.${collection}`;
  return [
    countVersion(namespace('applies')),
    ...versions.map((document) => insert(namespace('marketVersions'), document)),
    ...[...recorded(before, whole), ...recorded(version, changed)].map((document) =>
      insert(namespace('marketTerms'), document),
    ),
  ];
}

/**
 * Concurrent changes of different contracts have no other document in common, so without this write both could be based
 * on the market before either.
 */
const countVersion = (namespace: string) => ({
  name: 'updateOne' as const,
  namespace,
  filter: { _id: 'market' },
  update: { $inc: { times: 1 } },
  upsert: true,
});

const insert = <T>(namespace: string, document: T) => ({ name: 'insertOne' as const, namespace, document });

const recorded = (version: number, objects: readonly VersionedTerms[]): MarketTermsDocument[] =>
  objects.map((object) => ({ _id: `${padded(version)}/${object.kind}/${object.id}`, version, ...object }));

/** Ids are in the order of versions. */
const padded = (version: number): string => String(version).padStart(9, '0');

const objectsOf = ({ sellers, buyers, campaigns, contracts }: Market): VersionedTerms[] => [
  ...sellers.map((terms) => ({ kind: 'seller' as const, id: terms.code, terms })),
  ...buyers.map((terms) => ({ kind: 'buyer' as const, id: terms.id, terms })),
  ...campaigns.map((terms) => ({ kind: 'campaign' as const, id: terms.id, terms })),
  ...contracts.map((terms) => ({ kind: 'contract' as const, id: terms.id, terms })),
];

/**
 * Versions, newest first. An absent filter matches all.
 * @param which `of`: the id of a changed object; `before`: only earlier versions than this one, for paging
 */
export async function listVersions(
  { marketVersions }: Database,
  { of, before }: { of?: string; before?: number },
  limit: number,
): Promise<MarketVersionDocument[]> {
  return marketVersions
    .find({ 'changes.id': of, _id: before === undefined ? undefined : { $lt: before } })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}

export async function findVersion(
  { marketVersions }: Database,
  version: number,
): Promise<MarketVersionDocument | undefined> {
  return (await marketVersions.findOne({ _id: version })) ?? undefined;
}

/** The complete market of a recorded version, in the order of ids: the last whole one, and the changes since. */
export async function marketAt({ marketVersions, marketTerms }: Database, version: number): Promise<Market> {
  const whole = await marketVersions.findOne(
    { _id: { $lte: version }, whole: true },
    { sort: { _id: -1 }, projection: { _id: 1 } },
  );
  const range = { $gte: padded(whole?._id ?? 0), $lt: padded(version + 1) };
  const objects = new Map<string, VersionedTerms>();
  for await (const object of marketTerms.find({ _id: range }).sort({ _id: 1 }))
    objects.set(`${object.kind}/${object.id}`, object);
  const stored: StoredMarket = { sellers: [], buyers: [], campaigns: [], contracts: [] };
  for (const object of [...objects.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (object.terms === undefined) continue;
    if (object.kind === 'seller') {
      const { code: _id, ...seller } = object.terms;
      stored.sellers.push(currentSeller({ _id, ...seller }));
    } else if (object.kind === 'buyer') {
      const { id: _id, ...buyer } = object.terms;
      stored.buyers.push(currentBuyer({ _id, ...buyer }));
    } else if (object.kind === 'campaign') {
      const { id: _id, ...campaign } = object.terms;
      stored.campaigns.push(
        currentCampaign({ _id, ...campaign, categoryKey: categoryKey(campaign.category) }),
      );
    } else {
      const { id: _id, ...contract } = object.terms;
      stored.contracts.push(currentContract({ _id, ...contract }));
    }
  }
  return termsOf(stored);
}

/** What differs between two markets, as in the audit log: as in the market file, and without secrets in addresses. */
export function marketDifference(before: Market, after: Market): AuditEvent[] {
  const was = writtenObjects(before);
  const now = writtenObjects(after);
  return [...new Map([...was, ...now]).entries()].flatMap(([key, { kind, id }]): AuditEvent[] => {
    const [from, to] = [was.get(key)?.terms, now.get(key)?.terms];
    const values = redactedValues(changedValues(from ?? {}, to ?? {}));
    if (from !== undefined && to !== undefined && values.length === 0) return [];
    const did = from === undefined ? 'created' : to === undefined ? 'removed' : 'changed';
    return [{ kind, id, did, values }];
  });
}

function writtenObjects(
  market: Market,
): Map<string, { kind: VersionedTerms['kind']; id: string; terms: Written }> {
  const currencies = new Map(market.campaigns.map(({ id, currency }) => [id, currency]));
  const objects = [
    ...market.sellers.map((one) => ({ kind: 'seller' as const, id: one.code, terms: writtenSeller(one) })),
    ...market.buyers.map((one) => ({ kind: 'buyer' as const, id: one.id, terms: writtenBuyer(one) })),
    ...market.campaigns.map((one) => ({
      kind: 'campaign' as const,
      id: one.id,
      terms: writtenCampaign(one),
    })),
    ...market.contracts.map((one) => ({
      kind: 'contract' as const,
      id: one.id,
      terms: writtenContract(one, currencies.get(one.campaign) ?? 'USD'),
    })),
  ];
  return new Map(objects.map((object) => [`${object.kind}/${object.id}`, object]));
}
