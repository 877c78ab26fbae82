import { MongoClientBulkWriteError, type ClientBulkWriteModel, type ClientSession } from 'mongodb';
import {
  countsSince,
  duplicateExclusion,
  isDuplicate,
  LONGEST_WINDOW_MS,
  personIds,
  SALES_KEPT,
  type Purchase,
  type PersonHashes,
} from '../../market/limits/duplicates.js';
import type { Minor } from '../../market/money.js';
import type { Exclusion } from '../../market/model/round.js';
import type { Buyer, DuplicateRule } from '../../market/model/market.js';
import {
  buyerAccount,
  fullLimit,
  balanceCurrencyExclusion,
  fullLimitExclusion,
  balanceExclusion,
  type Limit,
  type LimitOwner,
} from '../../market/limits/usage.js';
import type { Database } from '../db.js';
import { runInBatches, leadLane } from '../lanes.js';
import { duplicateKeyOf } from '../transaction.js';
import type {
  CountedUsage,
  UsageReservation,
  PersonDocument,
  StoredLead,
  UsageDocument,
} from '../documents.js';

/** The id of a prepaid buyer's account in `usage`, as in the ledger. */
export const accountId = buyerAccount;

/** The condition that an account is in a currency. Accounts of earlier releases don't have one. */
export const isIn = (currency: string): { $in: (string | null)[] } => ({ $in: [currency, null] });

/** All limits that a sale is reserved under. */
export interface Reservation {
  purchase: Purchase;
  price: Minor;
  currency: string;
  limits: Limit[];
  /** Whose limits they are; absent: no time is given when they allow a sale again. */
  limiting?: LimitOwner | undefined;
  buyer: Pick<Buyer, 'id' | 'balance' | 'currency'>;
  /** The contacts that rules compare. */
  match: PersonHashes;
  /** Rules of the contract and of its campaign. */
  duplicates: DuplicateRule[];
  /** Whether the purchase is recorded with the reservation; always under rules. */
  notesPerson: boolean;
  /** Whether acceptance is counted for the campaign's award. */
  countsOffers: boolean;
}

const pathOf = ({ counter, window }: Limit): string => `${counter}.${window}`;

const countedUnder = ({ limits, countsOffers }: Reservation): CountedUsage[] => [
  ...limits.map((limit) => ({ path: pathOf(limit), adds: limit.adds })),
  ...(countsOffers ? [{ path: 'offers.posted', adds: 1 }] : []),
];

type Written = Record<string, UsageDocument | PersonDocument | StoredLead>;
type Write = ClientBulkWriteModel<Written>;

/**
 * Reserves a sale under all of its limits, or under none: one round trip if all allow it. The conditions are in the
 * updates, so concurrent workers can't exceed a limit. Idempotent by sale. Returns what was counted for the sale, or
 * the refusing limit and when it may allow the sale. After a refusal, part of the reservation may be in place; the
 * caller releases it (`release`) if no other attempt of the same sale may have succeeded.
 */
export async function reserve(
  database: Database,
  reservation: Reservation,
): Promise<{ refusal: Exclusion } | { counted: CountedUsage[] }> {
  const writes = reservationWrites(database, reservation);
  if (writes.length === 0) return { counted: [] };
  const refusal = refusedAlways(reservation);
  if (refusal) return { refusal };
  for (;;) {
    if (await takeAll(database, writes)) return { counted: countedUnder(reservation) };
    const found = await lookUp(database, reservation);
    if (found.refusal) return { refusal: found.refusal };
    if (found.complete) return { counted: found.counted ?? [] };
    // The limit allowed it in the meantime: try again for the rest.
  }
}

/** The outcome of `reserveAfter`; `counted` is absent if the limits did not allow all, and `reserve` tells why. */
export interface ReservedAfter {
  isWritten: boolean;
  counted?: CountedUsage[];
}

/**
 * Updates a lead and then reserves a sale, in one request: if the lead does not meet the condition of the update,
 * nothing is reserved. So no reservation is without its claim, even if the process dies.
 * @param update of a lead that is stored
 */
export async function reserveAfter(
  database: Database,
  { filter, update }: { filter: object; update: object },
  reservation: Reservation,
): Promise<ReservedAfter> {
  const { client, db, leads } = database;
  const writes = reservationWrites(database, reservation);
  if (writes.length === 0 || refusedAlways(reservation)) {
    const { matchedCount } = await leads.updateOne({ ...filter }, { ...update });
    return { isWritten: matchedCount === 1, counted: writes.length === 0 ? [] : undefined };
  }
  // With `upsert`, a false condition is an error, which ends an ordered request.
  const ofLead: Write = {
    name: 'updateOne',
    namespace: `${db.databaseName}.leads`,
    filter: { ...filter },
    update: { ...update },
    upsert: true,
  };
  try {
    const { matchedCount, upsertedCount } = await client.bulkWrite<Written>([ofLead, ...writes]);
    const isWhole = matchedCount + upsertedCount === 1 + writes.length;
    return { isWritten: true, counted: isWhole ? countedUnder(reservation) : undefined };
  } catch (error) {
    if (!isOnlyRefused(error)) throw error;
    return { isWritten: !error.writeErrors.has(0) };
  }
}

/** A limit that no sale can meet: an absent counter passes any condition, even if a single sale exceeds the limit. */
function refusedAlways({ buyer, limits, limiting, currency, purchase }: Reservation): Exclusion | undefined {
  const other = balanceCurrencyExclusion(buyer, undefined, currency);
  if (other) return other;
  const never = fullLimit(limits, undefined);
  return never && fullLimitExclusion(never, undefined, { limiting, currency, now: purchase.at });
}

/** Whether the condition of every write was true. */
async function takeAll({ client }: Database, writes: Write[]): Promise<boolean> {
  try {
    const { matchedCount, upsertedCount } = await client.bulkWrite<Written>(writes, { ordered: false });
    return matchedCount + upsertedCount === writes.length;
  } catch (error) {
    if (isOnlyRefused(error)) return false;
    throw error;
  }
}

/** A false condition shows as a duplicate _id of the existing document. No other error is expected. */
const isOnlyRefused = (error: unknown): error is MongoClientBulkWriteError =>
  error instanceof MongoClientBulkWriteError &&
  error.writeErrors.size > 0 &&
  [...error.writeErrors.values()].every(({ code }) => code === 11000);

function reservationWrites({ db }: Database, reservation: Reservation): Write[] {
  const { purchase, price, currency, limits, buyer, match, duplicates, notesPerson, countsOffers } =
    reservation;
  const { sale, lead, contract } = purchase;
  const at = new Date(purchase.at);
  const writes: Write[] = [];
  const usage = (_id: string, filter: object, update: object, upsert: boolean): Write => ({
    name: 'updateOne',
    namespace: `${db.databaseName}.usage`,
    filter: { _id, [`reserved.${sale}`]: { $exists: false }, ...filter },
    update,
    upsert,
  });
  if (limits.length > 0 || countsOffers) {
    const took = countedUnder(reservation);
    const allowed = limits.map(
      (limit) => [pathOf(limit), { $not: { $gt: limit.most - limit.adds } }] as const,
    );
    const reserved: UsageReservation = { lead, contract, at, took };
    const taken = {
      $inc: Object.fromEntries(took.map(({ path, adds }) => [path, adds])),
      $set: { [`reserved.${sale}`]: reserved },
    };
    writes.push(usage(contract, Object.fromEntries(allowed), taken, true));
  }
  if (buyer.balance !== undefined) {
    const reserved: UsageReservation = { lead, contract, at, took: [], price };
    const taken = { $inc: { balance: -price }, $set: { [`reserved.${sale}`]: reserved } };
    // Not upserted: a buyer without an account has paid nothing in.
    const covers = { balance: { $gte: price }, currency: isIn(currency) };
    writes.push(usage(accountId(buyer.id), covers, taken, false));
  }
  if (notesPerson)
    writes.push(
      ...personIds(match).map((id) =>
        purchaseInFlight(db.databaseName, id, { purchase, match, rules: duplicates }),
      ),
    );
  return writes;
}

/** Adds the purchase of a post in flight to those of the person, unless a rule forbids it or it was added before. */
function purchaseInFlight(
  database: string,
  _id: string,
  { purchase, match, rules }: { purchase: Purchase; match: PersonHashes; rules: DuplicateRule[] },
): Write {
  const compared = { ...purchase, phone: match.phone, email: match.email };
  const forbidden = {
    lead: { $ne: purchase.lead },
    $or: rules.map((rule) => forbidding(rule, _id, compared)),
  };
  return {
    name: 'updateOne',
    namespace: `${database}.persons`,
    filter: {
      _id,
      'purchases.sale': { $ne: purchase.sale },
      purchases: rules.length > 0 ? { $not: { $elemMatch: forbidden } } : undefined,
    },
    update: { $push: { purchases: { ...purchase, posting: true } } },
    upsert: true,
  };
}

/**
 * Adds the purchases of booked sales to those of the person, or settles those of their posts. Of their contracts, only
 * the latest sales are kept (`SALES_KEPT`). Posts in flight are kept apart from sales: if they are refused, the sales
 * before them still count.
 * @param person `settle`: only those of their posts
 */
function noteSales(
  database: string,
  _id: string,
  sold: readonly Purchase[],
  person: 'add' | 'settle',
): Write {
  const before = { $ifNull: ['$purchases', []] };
  const sales = sold.map(({ sale }) => sale);
  const contracts = [...new Set(sold.map(({ contract }) => contract))];
  const latest = Math.max(...sold.map(({ at }) => at));
  const some = (cond: object): object => ({ $filter: { input: before, as: 'purchase', cond } });
  const isKnown = { $in: ['$$purchase.sale', sales] };
  const counts = { $gt: ['$$purchase.at', latest - LONGEST_WINDOW_MS] };
  const isPosting = { $eq: ['$$purchase.posting', true] };
  const isOther = { $or: [isPosting, { $not: [{ $in: ['$$purchase.contract', contracts] }] }] };
  const isOf = (contract: string) => ({ $eq: ['$$purchase.contract', contract] });
  const known = { $map: { input: before, as: 'purchase', in: '$$purchase.sale' } };
  const isNew = { $not: [{ $in: ['$$purchase.sale', known] }] };
  const purchases = [
    some({ $and: [{ $not: [isKnown] }, counts, isOther] }),
    ...contracts.map((contract) => ({
      $slice: [
        some({ $and: [{ $not: [isKnown] }, counts, { $not: [isPosting] }, isOf(contract)] }),
        1 - SALES_KEPT,
      ],
    })),
    {
      $map: {
        input: some(isKnown),
        as: 'purchase',
        in: { $mergeObjects: ['$$purchase', { posting: false }] },
      },
    },
    ...(person === 'add' ? [{ $filter: { input: { $literal: sold }, as: 'purchase', cond: isNew } }] : []),
  ];
  return {
    name: 'updateOne',
    namespace: `${database}.persons`,
    filter: { _id },
    update: [{ $set: { purchases: { $concatArrays: purchases } } }],
    upsert: person === 'add',
  };
}

/**
 * Adds a sale without a reservation to the purchases of its person, for rules that are made later. It runs beside the
 * post, so that nothing is left to confirm after the booking. Idempotent by sale.
 */
export async function notePurchase(database: Database, purchase: Purchase): Promise<void> {
  // The buyers of a shared lead buy the same person's lead.
  const lane = { lane: `purchases/${purchase.lead}`, kind: 'note' };
  await runInBatches(database, lane, purchase, async (purchases) => {
    // Concurrent attempts of one sale note it once.
    await notePurchases(database, [...new Map(purchases.map((one) => [one.sale, one])).values()]);
    return purchases.map(() => undefined);
  });
}

/** Most persons are new, and inserting costs less than updating. */
async function notePurchases({ client, db, persons }: Database, purchases: Purchase[]): Promise<void> {
  const ids = [...new Set(purchases.flatMap(personIds))];
  if (ids.length === 0) return;
  try {
    await persons.insertMany(
      ids.map((_id) => ({ _id, purchases })),
      { ordered: false },
    );
  } catch (error) {
    if (duplicateKeyOf(error) === undefined) throw error;
    await client.bulkWrite<Written>(ids.map((id) => noteSales(db.databaseName, id, purchases, 'add')));
  }
}

/** Removes a sale that was not booked from the purchases of its person. */
export async function dropPurchase(
  { persons }: Pick<Database, 'persons'>,
  purchase: Purchase,
): Promise<void> {
  await persons.updateMany(
    { _id: { $in: personIds(purchase) } },
    { $pull: { purchases: { sale: purchase.sale } } },
  );
}

/** Moves the purchases of a lead to other keys of its person. */
export async function movePurchases(
  { persons }: Pick<Database, 'persons'>,
  lead: string,
  { from, to }: { from: PersonHashes; to: PersonHashes },
  session: ClientSession,
): Promise<void> {
  const before = { _id: { $in: personIds(from) } };
  const found = await persons.find({ ...before, 'purchases.lead': lead }, { session }).toArray();
  const purchases = new Map(
    found
      .flatMap((person) => person.purchases)
      .filter((purchase) => purchase.lead === lead)
      .map((purchase) => [purchase.sale, { ...purchase, phone: to.phone, email: to.email }]),
  );
  if (purchases.size === 0) return;
  await persons.updateMany(before, { $pull: { purchases: { lead } } }, { session });
  await persons.deleteMany({ ...before, purchases: { $size: 0 } }, { session });
  for (const _id of personIds(to)) {
    const added = { $each: [...purchases.values()] };
    await persons.updateOne({ _id }, { $push: { purchases: added } }, { session, upsert: true });
  }
}

/** The condition on a purchase of another lead that forbids a sale under the rule; equivalent to `isDuplicate`. */
function forbidding(rule: DuplicateRule, _id: string, purchase: Purchase): object {
  const alike =
    rule.match === 'all' ? rule.by.map((field) => [field, purchase[field] ?? 'none'] as const) : [];
  // If any field may match, documents of fields outside the rule forbid nothing.
  const named = rule.match === 'all' || rule.by.some((field) => _id.startsWith(`${field}:`));
  return {
    [rule.per]: named ? purchase[rule.per] : 'none',
    at: { $gt: countsSince(rule, purchase.at) },
    ...Object.fromEntries(alike),
  };
}

/** After a refusal: the limit that refused, or whether an earlier attempt has made the reservation. */
async function lookUp(
  database: Database,
  reservation: Reservation,
): Promise<{ refusal?: Exclusion; complete?: boolean; counted?: CountedUsage[] }> {
  const { purchase, price, currency, limits, limiting, buyer, match, duplicates, notesPerson } = reservation;
  const { usage, purchases } = await readUsage(
    database,
    [purchase.contract, accountId(buyer.id)],
    notesPerson ? match : {},
  );
  const asking = { ...purchase, phone: match.phone, email: match.email };
  const rule = duplicates.find((each) => isDuplicate(each, asking, purchases, purchase.at));
  if (rule)
    return {
      refusal: duplicateExclusion(rule),
    };
  const isReserved = (id: string): boolean => usage.get(id)?.reserved?.[purchase.sale] !== undefined;
  if (!isReserved(purchase.contract)) {
    const used = usage.get(purchase.contract);
    const full = fullLimit(limits, used);
    if (full) return { refusal: fullLimitExclusion(full, used, { limiting, currency, now: purchase.at }) };
  }
  if (!isReserved(accountId(buyer.id))) {
    const broke = balanceExclusion(buyer, usage.get(accountId(buyer.id)), price, currency);
    if (broke) return { refusal: broke };
  }
  const complete =
    (limits.length === 0 || isReserved(purchase.contract)) &&
    (buyer.balance === undefined || isReserved(accountId(buyer.id))) &&
    (!notesPerson || personIds(match).length === 0 || purchases.some(({ sale }) => sale === purchase.sale));
  return { complete, counted: usage.get(purchase.contract)?.reserved?.[purchase.sale]?.took };
}

/** Usage of contracts and buyers' accounts by id, and the purchases of a person; two concurrent reads. */
export async function readUsage(
  { usage, persons }: Database,
  ids: string[],
  match: PersonHashes,
): Promise<{ usage: Map<string, UsageDocument>; purchases: Purchase[] }> {
  const people = personIds(match);
  const [used, known] = await Promise.all([
    ids.length === 0 ? [] : usage.find({ _id: { $in: ids } }).toArray(),
    people.length === 0 ? [] : persons.find({ _id: { $in: people } }).toArray(),
  ]);
  return {
    usage: new Map(used.map((document) => [document._id, document])),
    purchases: known.flatMap(({ purchases }) => purchases),
  };
}

/** Usage as it would be without what is reserved for a lead: its own reservations don't stand in its way. */
export function withoutReservationsOf(lead: string, used: UsageDocument): UsageDocument {
  const own = Object.values(used.reserved ?? {}).filter((one) => one.lead === lead);
  if (own.length === 0) return used;
  const free = structuredClone(used);
  const { sold, posts, spent, offers } = free;
  const counters: Record<string, Record<string, number> | undefined> = { sold, posts, spent, offers };
  for (const { took, price = 0 } of own) {
    if (free.balance !== undefined) free.balance += price;
    for (const { path, adds } of took) {
      const [counter = '', window = ''] = path.split(/\.(.*)/s);
      const counts = counters[counter];
      if (counts?.[window] !== undefined) counts[window] -= adds;
    }
  }
  return free;
}

/**
 * Releases the reservation of a sale that failed: caps, budgets, balance and person. A post that was sent stays
 * counted. Idempotent by sale.
 */
export async function release(
  database: Database,
  {
    sale,
    lead,
    contract,
    buyer,
    ...match
  }: Pick<Purchase, 'sale' | 'lead' | 'contract' | 'buyer'> & PersonHashes,
  { wasPosted = false }: { wasPosted?: boolean } = {},
): Promise<void> {
  const given = await endings(database, { sale, contract, buyer }, ({ path }) => {
    return !wasPosted || !/^(posts|offers)\./.test(path);
  });
  const people = personIds(match).map((_id): Write => ({
    name: 'updateOne',
    namespace: `${database.db.databaseName}.persons`,
    filter: { _id },
    update: { $pull: { purchases: { sale } } },
  }));
  await database.client.bulkWrite<Written>([
    ...given,
    ...people,
    settledContracts(database, lead, [contract]),
  ]);
}

/** Releases what was reserved under limits and a balance, without a lead or a person. Idempotent by sale. */
export async function dropReservation(
  database: Database,
  reservation: Pick<Purchase, 'sale' | 'contract' | 'buyer'>,
): Promise<void> {
  const writes = await endings(database, reservation, () => true);
  if (writes.length > 0) await database.client.bulkWrite<Written>(writes);
}

/** The writes that end the reservations of a sale and give back what they have counted. */
async function endings(
  database: Database,
  { sale, contract, buyer }: Pick<Purchase, 'sale' | 'contract' | 'buyer'>,
  isGivenBack: (counted: CountedUsage) => boolean,
): Promise<Write[]> {
  const found = await database.usage
    .find({ _id: { $in: [contract, accountId(buyer)] }, [`reserved.${sale}`]: { $exists: true } })
    .toArray();
  return found.map(({ _id, reserved }) => {
    const { took = [], price = 0 } = reserved?.[sale] ?? {};
    const back = took.filter(isGivenBack).map(({ path, adds }) => [path, -adds] as const);
    return endReservation(database, _id, sale, {
      ...Object.fromEntries(back),
      ...(price > 0 && { balance: price }),
    });
  });
}

/** What the reservation of a sale in progress has counted. */
export async function countedFor(
  { usage }: Database,
  { sale, contract }: Pick<Purchase, 'sale' | 'contract'>,
): Promise<CountedUsage[]> {
  return (await usage.findOne({ _id: contract }))?.reserved?.[sale]?.took ?? [];
}

/** The parts of a post that its booking leaves to settle. */
export interface Unsettled {
  /** The usage documents that may have counted it: of its contract, and of its buyer's account. */
  countedIn: string[];
  /** `add`: the person may not have its purchase. `settle`: it has that of the post. `done`: it has that of the sale. */
  person: 'add' | 'settle' | 'done';
}

type BookedSale = Unsettled & { purchase: Purchase };

/** For a post of which only the claim is known. */
export const maybeUnsettled = ({ contract, buyer }: Pick<Purchase, 'contract' | 'buyer'>): Unsettled => ({
  countedIn: [contract, accountId(buyer)],
  person: 'add',
});

/**
 * Confirms the reservation of a booked sale: its counts stay, the buyer has one more accepted post, and has bought a
 * lead of the person. Idempotent by sale.
 */
export async function confirm(
  database: Database,
  purchase: Purchase,
  unsettled = maybeUnsettled(purchase),
): Promise<void> {
  const sale = { purchase, ...unsettled };
  // The buyers of a shared lead buy the same person's lead, so their sales write the same documents.
  await runInBatches(database, { lane: leadLane(purchase.lead), kind: 'confirm' }, sale, async (sales) => {
    await confirmAll(database, sales);
    return sales.map(() => undefined);
  });
}

/** How long sales are collected, to be confirmed together, ms. */
const COLLECT_MS = 250;

/** Sales to confirm together, by database, which a process opens once. */
const collected = new WeakMap<Database, BookedSale[]>();

/**
 * The same, later and together with other sales: the limits have counted the sale already, so no decision needs it. If
 * this process dies before, or the write fails, `settleOrphans` confirms it.
 */
export function confirmLater(database: Database, purchase: Purchase, unsettled: Unsettled): void {
  const sales = collected.get(database) ?? [];
  collected.set(database, sales);
  sales.push({ purchase, ...unsettled });
  if (sales.length > 1) return;
  setTimeout(() => void confirmCollected(database).catch(() => undefined), COLLECT_MS).unref();
}

/** Confirms the collected sales. */
export async function confirmCollected(database: Database): Promise<void> {
  const sales = collected.get(database);
  collected.delete(database);
  if (sales !== undefined) await confirmAll(database, sales);
}

async function confirmAll(database: Database, sales: readonly BookedSale[]): Promise<void> {
  const writes = confirmation(database, sales);
  if (writes.length > 0) await database.client.bulkWrite<Written>(writes);
}

function confirmation(database: Database, sales: readonly BookedSale[]): Write[] {
  const byLead = new Map<string, string[]>();
  for (const { purchase } of sales)
    byLead.set(purchase.lead, [...(byLead.get(purchase.lead) ?? []), purchase.contract]);
  return [
    ...sales.flatMap(({ purchase: { sale, contract }, countedIn }) =>
      countedIn.map((id) =>
        endReservation(database, id, sale, id === contract ? { 'offers.accepted': 1 } : {}),
      ),
    ),
    ...(['add', 'settle'] as const).flatMap((person) =>
      purchasesByPerson(sales.filter((sale) => sale.person === person)).map(([id, purchases]) =>
        noteSales(database.db.databaseName, id, purchases, person),
      ),
    ),
    ...[...byLead].map(([lead, contracts]) => settledContracts(database, lead, contracts)),
  ];
}

/** The sales by person; concurrent confirmations of one sale count once. */
function purchasesByPerson(sales: readonly BookedSale[]): [string, Purchase[]][] {
  const byPerson = new Map<string, Map<string, Purchase>>();
  for (const { purchase } of sales)
    for (const id of personIds(purchase))
      byPerson.set(id, (byPerson.get(id) ?? new Map<string, Purchase>()).set(purchase.sale, purchase));
  return [...byPerson].map(([id, purchases]) => [id, [...purchases.values()]]);
}

/** Ends a reservation and adds to its counters, once. */
function endReservation({ db }: Database, _id: string, sale: string, counts: Record<string, number>): Write {
  return {
    name: 'updateOne',
    namespace: `${db.databaseName}.usage`,
    filter: { _id, [`reserved.${sale}`]: { $exists: true } },
    update: { $unset: { [`reserved.${sale}`]: '' }, ...(Object.keys(counts).length > 0 && { $inc: counts }) },
  };
}

/** Removes the contracts from the lead's unsettled reservations. */
const settledContracts = ({ db }: Database, lead: string, contracts: string[]): Write => ({
  name: 'updateOne',
  namespace: `${db.databaseName}.leads`,
  filter: { _id: lead },
  update: { $pull: { unsettled: { $in: contracts } } },
});

/** Leads with reservations that should have been settled by `before`, because their process died. */
export async function unsettledLeads(
  { leads }: Database,
  before: Date,
  limit: number,
): Promise<Omit<StoredLead, 'rounds'>[]> {
  // Matches any contract: the sparse index excludes leads with an empty list.
  return leads
    .find({ unsettled: { $gt: '' }, updatedAt: { $lt: before } }, { projection: { rounds: 0 } })
    .limit(limit)
    .toArray();
}
