import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promiseId } from '../../../src/market/ids.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { LeadDocument, UsageDocument } from '../../../src/store/documents.js';
import { reserve, withoutReservationsOf } from '../../../src/store/sales/capacity.js';
import {
  abandonPing,
  answerPing,
  endOrphanedPings,
  endPing,
  findPing,
  insertPing,
  noteReserving,
  takeOverPromise,
  usePing,
} from '../../../src/store/sales/pings.js';
import { isolatedSettings } from '../../support/stack.js';

const CONTRACT = 'ACME1234/auto/northwind';
const promise = {
  price: 4500,
  least: 4500,
  reserved: [{ contract: CONTRACT, buyer: 'northwind', price: 4500 }],
};
const COUNTED_IN = [CONTRACT, 'buyer:northwind'];
const later = (): Date => new Date(Date.now() + 60_000);

describe('A ping in the store', () => {
  let database: Database;
  let ids = 0;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
  });
  afterAll(() => database.client.close());

  /** A ping whose bidder has a cap and a balance reserved. */
  async function openPing(expiresAt = later()): Promise<string> {
    ids += 1;
    const id = `01990000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
    await insertPing(database, { _id: id, currency: 'USD', fields: {} } as LeadDocument);
    await noteReserving(database, id, { contract: CONTRACT, buyer: 'northwind' });
    const purchase = {
      sale: promiseId(id, CONTRACT),
      lead: id,
      contract: CONTRACT,
      buyer: 'northwind',
      campaign: 'ACME1234/auto',
      at: Date.now(),
    };
    const limit = {
      counter: 'sold',
      period: 'total',
      window: 'total',
      most: 100,
      adds: 1,
      paced: false,
    } as const;
    await reserve(database, {
      purchase,
      price: 4500,
      currency: 'USD',
      limits: [limit],
      buyer: { id: 'northwind', balance: 1, currency: 'USD' },
      match: {},
      duplicates: [],
      notesPerson: false,
      countsOffers: false,
    });
    await answerPing(database, id, { round: {} as never, promise, expiresAt });
    return id;
  }

  const counts = async (): Promise<unknown> => {
    const used = await database.usage.find().sort({ _id: 1 }).toArray();
    return used.map(({ sold, balance, reserved = {} }) => ({
      sold: sold?.total,
      balance,
      reserved: Object.keys(reserved),
    }));
  };

  /** Nothing is reserved, and the buyer has a balance. */
  async function payIn(): Promise<void> {
    await database.usage.deleteMany({});
    await database.usage.insertOne({ _id: 'buyer:northwind', balance: 10_000, currency: 'USD' });
  }

  test('is used once, and not after its time', async () => {
    const id = await openPing();
    const uses = await Promise.all(Array.from({ length: 8 }, () => usePing(database, id, Date.now())));
    expect(uses.filter((used) => used !== undefined)).toEqual([promise]);
    const old = await openPing(new Date(Date.now() - 1));
    expect(await usePing(database, old, Date.now())).toBeUndefined();
    for (const one of [id, old]) await endPing(database, one, { isLast: true });
  });

  test('releases what it has reserved when it ends, once', async () => {
    await payIn();
    const id = await openPing();
    expect(await counts()).toEqual([
      { sold: 1, balance: undefined, reserved: [promiseId(id, CONTRACT)] },
      { sold: undefined, balance: 5500, reserved: [promiseId(id, CONTRACT)] },
    ]);
    for (let times = 0; times < 2; times += 1)
      expect(await endPing(database, id, { isLast: false })).toBe('ended');
    expect(await counts()).toEqual([
      { sold: 0, balance: undefined, reserved: [] },
      { sold: undefined, balance: 10_000, reserved: [] },
    ]);
    expect(await findPing(database, id)).toBeNull();
  });

  test('waits for a lead that uses it, and does not touch what its sale has taken over', async () => {
    await payIn();
    const id = await openPing();
    await usePing(database, id, Date.now());
    expect(await endPing(database, id, { isLast: false })).toBe('used');
    const claim = { postId: 'post-1', buyer: 'northwind', price: 4500 };
    const lead = { _id: id, promise };
    for (let times = 0; times < 2; times += 1)
      await takeOverPromise(database, lead, { contract: CONTRACT, claim, countedIn: COUNTED_IN });
    const taken = [
      { sold: 1, balance: undefined, reserved: ['post-1'] },
      { sold: undefined, balance: 5500, reserved: ['post-1'] },
    ];
    expect(await counts()).toEqual(taken);
    expect(await endPing(database, id, { isLast: true })).toBe('ended');
    expect(await counts()).toEqual(taken);
  });

  test('gives back what it has reserved if the sale has another price', async () => {
    await payIn();
    const id = await openPing();
    const claim = { postId: 'post-2', buyer: 'northwind', price: 4000 };
    await takeOverPromise(
      database,
      { _id: id, promise },
      { contract: CONTRACT, claim, countedIn: COUNTED_IN },
    );
    expect(await counts()).toEqual([
      { sold: 0, balance: undefined, reserved: [] },
      { sold: undefined, balance: 10_000, reserved: [] },
    ]);
    await endPing(database, id, { isLast: true });
    await database.usage.deleteMany({});
  });

  test('gets no result once its source has stopped waiting', async () => {
    await insertPing(database, { _id: 'late', fields: {} } as LeadDocument);
    expect(await abandonPing(database, 'late')).toBe(true);
    expect(await answerPing(database, 'late', { round: {} as never, promise, expiresAt: later() })).toBe(
      false,
    );
    const id = await openPing();
    expect(await abandonPing(database, id)).toBe(false);
    await endPing(database, id, { isLast: true });
  });

  test('is ended by a worker if its workflow is gone', async () => {
    await database.usage.deleteMany({});
    await database.usage.insertOne({ _id: 'buyer:northwind', balance: 10_000, currency: 'USD' });
    const minutesAgo = (count: number): Date => new Date(Date.now() - count * 60_000);
    const lost = await openPing(minutesAgo(6));
    const own = await openPing(minutesAgo(4));
    expect(await endOrphanedPings(database)).toBe(1);
    expect(await findPing(database, lost)).toBeNull();
    expect(await counts()).toMatchObject([{ sold: 1 }, { balance: 5500 }]);
    await endPing(database, own, { isLast: true });
  });

  test('does not stand in the way of its own lead', () => {
    const used: UsageDocument = {
      _id: CONTRACT,
      sold: { 'day:2026-03-01': 3, total: 9 },
      balance: 100,
      reserved: {
        own: {
          lead: 'lead-1',
          contract: CONTRACT,
          at: new Date(0),
          took: [
            { path: 'sold.day:2026-03-01', adds: 1 },
            { path: 'sold.total', adds: 1 },
          ],
          price: 50,
        },
        other: {
          lead: 'lead-2',
          contract: CONTRACT,
          at: new Date(0),
          took: [{ path: 'sold.total', adds: 1 }],
        },
      },
    };
    expect(withoutReservationsOf('lead-1', used)).toMatchObject({
      sold: { 'day:2026-03-01': 2, total: 8 },
      balance: 150,
    });
    expect(used.sold?.total).toBe(9);
    expect(withoutReservationsOf('lead-3', used)).toBe(used);
  });
});
