import { latestPurchases, SALES_KEPT, type PersonHashes } from '../../market/limits/duplicates.js';
import { contactOf, KEY_RULE } from '../../market/fields/personKeys.js';
import { movePurchases } from '../sales/capacity.js';
import type { Database } from '../db.js';
import { nothingUnderWay } from '../persons/erase.js';
import { IDEMPOTENCY_KEPT_MS } from '../leads/leads.js';
import { matchOf } from '../persons/matchKeys.js';
import { openLead } from '../leads/person.js';
import type { StoredLead } from '../documents.js';
import { returnsOf } from '../books/returns.js';
import { inTransaction } from '../transaction.js';

/** The result of `upgradeLeads`. */
export interface Upgraded {
  /** The number of leads of older releases. */
  leads: number;
  /** Of these, leads whose key has changed. */
  rekeyed: number;
  /** Of these, leads with a post in progress; the next run upgrades them. */
  left: number;
  /** Returned leads that now have their returns; leads without a buyer are `returned`. */
  returned: number;
}

const BATCH = 500;

/** Stored with an older rule, and with a person whose keys can be computed. */
const OF_OLDER_RULE = { matchRule: { $ne: KEY_RULE }, 'person.key': { $exists: true } };

/**
 * Converts the data of older releases: computes the keys of persons with the present rule, for their leads and for
 * purchases, and removes data that is no longer stored. It can be interrupted, repeated, and run concurrently
 * with everything else; a converted lead is not read again.
 * @param progress called with the number of leads read
 * @throws MasterKeyError if the master key of a stored key is not configured
 */
export async function upgradeLeads(database: Database, progress: (leads: number) => void): Promise<Upgraded> {
  await dropOldIndexes(database);
  await forgetOldRequests(database);
  await trimPurchases(database);
  const done: Upgraded = { leads: 0, rekeyed: 0, left: 0, returned: await upgradeReturns(database) };
  for (let last = ''; ;) {
    const some = await database.leads
      .find({ _id: { $gt: last }, ...OF_OLDER_RULE })
      .sort({ _id: 1 })
      .project<StoredLead>({ person: 1, match: 1 })
      .limit(BATCH)
      .toArray();
    const end = some.at(-1);
    if (end === undefined) return done;
    await upgradeBatch(database, some, done);
    last = end._id;
    progress(done.leads);
  }
}

async function upgradeBatch(database: Database, leads: StoredLead[], done: Upgraded): Promise<void> {
  const ids = leads.map(({ _id }) => _id);
  const isUnstored = {
    _id: { $in: ids },
    status: 'withdrawn',
    reason: 'suppressed',
    rounds: {},
    claims: {},
  } as const;
  const same: string[] = [];
  for (const lead of leads) {
    const match = await matchOf(database, contactOf(openLead(database.vault, lead).fields));
    if (isSame(match, lead.match)) same.push(lead._id);
    else if (await rekey(database, lead, match)) done.rekeyed += 1;
    else done.left += 1;
  }
  await database.leads.updateMany({ _id: { $in: same } }, { $set: { matchRule: KEY_RULE } });
  // A suppressed lead is stored without its person. One that was withdrawn later had rounds, and keeps its person.
  await database.leads.updateMany(isUnstored, { $set: { withoutPerson: true }, $unset: { person: '' } });
  done.leads += leads.length;
}

const isSame = (one: PersonHashes, other: PersonHashes): boolean =>
  one.phone === other.phone && one.email === other.email;

/** Returns false if a post is in progress: its purchase is stored under the key that its claim has read. */
async function rekey(
  { client, leads, persons }: Database,
  { _id, match: before }: StoredLead,
  match: PersonHashes,
): Promise<boolean> {
  return inTransaction(client, async (session) => {
    const isAsRead = { 'match.phone': before.phone ?? null, 'match.email': before.email ?? null };
    const { matchedCount } = await leads.updateOne(
      { _id, ...OF_OLDER_RULE, ...isAsRead, $expr: nothingUnderWay },
      { $set: { match, matchRule: KEY_RULE } },
      { session },
    );
    if (matchedCount === 0) return false;
    await movePurchases({ persons }, _id, { from: before, to: match }, session);
    return true;
  });
}

/**
 * Older releases kept returns only in their own collection, and left a lead `sold` after every buyer had returned it.
 * @returns the number of changed leads
 */
async function upgradeReturns(database: Database): Promise<number> {
  const { leads, returns } = database;
  let changed = 0;
  for (let last = ''; ;) {
    const some = await returns
      .find({ _id: { $gt: last } })
      .sort({ _id: 1 })
      .limit(BATCH)
      .toArray();
    const end = some.at(-1);
    if (end === undefined) return changed;
    const ids = [...new Set(some.map(({ lead }) => lead))];
    const formerly = await leads
      .find({ _id: { $in: ids }, returns: { $exists: false } })
      .project<StoredLead>({ claims: 1, status: 1, claimed: 1 })
      .toArray();
    for (const lead of formerly) {
      const { _id, status, claimed } = lead;
      const set = {
        returns: await returnsOf(database, lead),
        status: status === 'sold' && claimed === 0 ? ('returned' as const) : status,
      };
      const isAsRead = { _id, status, claimed, returns: { $exists: false } };
      changed += (await leads.updateOne(isAsRead, { $set: set })).modifiedCount;
    }
    last = end._id;
  }
}

/** Older releases kept the hash of an erased lead's request forever; `forgetRepeats` removes it after its time. */
async function forgetOldRequests({ leads }: Database): Promise<void> {
  await leads.updateMany(
    {
      'erased.at': { $exists: true },
      'idempotency.key': { $exists: true },
      repeatsUntil: { $exists: false },
    },
    [{ $set: { repeatsUntil: { $add: ['$receivedAt', IDEMPOTENCY_KEPT_MS] } } }],
  );
}

/** Indexes that no query uses any more. A new database does not have them. */
async function dropOldIndexes({ leads, persons }: Database): Promise<void> {
  const ifPresent = () => undefined;
  await persons.dropIndex('holds.lead_1').catch(ifPresent);
  for (const name of ['match.phone_1', 'match.email_1']) await leads.dropIndex(name).catch(ifPresent);
}

/** Older releases kept the last thousand sales of a person. */
async function trimPurchases({ persons }: Database): Promise<void> {
  for await (const { _id, purchases } of persons.find({ [`purchases.${SALES_KEPT}`]: { $exists: true } })) {
    const latest = latestPurchases(purchases);
    // If it was modified since the read, its next sale trims it.
    if (latest.length < purchases.length)
      await persons.updateOne({ _id, purchases }, { $set: { purchases: latest } });
  }
}

/**
 * Whether there are leads of older releases that `upgradeLeads` has not converted; the oldest lead of each campaign
 * tells.
 */
export async function isUpgradeDue({ campaigns, leads, returns }: Database): Promise<boolean> {
  const returned = await returns.findOne({}, { sort: { _id: 1 } });
  const keeps = returned && (await leads.findOne({ _id: returned.lead }, { projection: { returns: 1 } }));
  if (keeps && keeps.returns === undefined) return true;
  const ids = await campaigns.distinct('_id');
  for (const campaign of ids) {
    const oldest = await leads.findOne(
      { campaign, 'person.key': { $exists: true } },
      { sort: { receivedAt: 1 }, projection: { matchRule: 1 } },
    );
    if (oldest !== null && oldest.matchRule !== KEY_RULE) return true;
  }
  return false;
}
