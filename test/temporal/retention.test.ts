import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument, LeadDocument } from '../../src/store/documents.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { eraseByRetention, type RetentionCursor } from '../../src/store/persons/retention.js';
import { retentionScheduleId, scheduleRetention } from '../../src/worker/schedules.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { workerOf } from '../support/worker.js';

const days = (count: number): number => count * 86_400_000;
const daysAgo = (count: number): Date => new Date(Date.now() - days(count));

const START: RetentionCursor = { campaign: '', after: 0 };

describe('the retention', () => {
  let settings: Settings;
  let database: Database;
  let campaign: CampaignDocument;
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    settings = await isolatedSettings({ RETENTION_DAYS: 30 });
    database = openDatabase(settings);
    campaign = await storeMarket(database, {});
    connection = await Connection.connect({ address: settings.TEMPORAL_ADDRESS });
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  });
  afterAll(async () => {
    await client.schedule.getHandle(retentionScheduleId(settings.TASK_QUEUE)).delete();
    await connection.close();
    await database.client.close();
  });

  const store = async (
    received: number,
    ended: number,
    lead: Partial<LeadDocument> = {},
  ): Promise<string> => {
    const times = { receivedAt: daysAgo(received), updatedAt: daysAgo(ended) };
    return (await storeLead(database, campaign, { status: 'expired', ...times, ...lead }))._id;
  };
  const isErased = async (id: string) => (await findStoredLead(database, id))?.erased?.by === 'retention';

  test('erases in batches, oldest first, and skips leads that must stay', async () => {
    const past = [await store(50, 45), await store(49, 45, { status: 'sold' }), await store(48, 45)];
    const unsettled = await store(52, 45, { unsettled: ['northwind'] });
    const staying = [await store(60, 29), await store(90, 45, { status: 'pending' }), unsettled];
    const batch = (from: RetentionCursor) =>
      eraseByRetention(database, { now: Date.now(), retentionMs: days(30) }, from, 2);
    const first = await batch(START);
    expect(first).toEqual({
      erased: 1,
      next: { campaign: campaign._id, after: expect.any(Number) as number },
    });
    const second = await batch(first.next ?? START);
    expect(second).toMatchObject({ erased: 2 });
    expect(await batch(second.next ?? START)).toEqual({ erased: 0 });
    expect(await Promise.all(past.map(isErased))).toEqual([true, true, true]);
    expect(await Promise.all(staying.map(isErased))).toEqual([false, false, false]);
  });

  test('erases the hashes of a suppressed lead without stored personal data', async () => {
    const suppressed = { status: 'withdrawn', reason: 'suppressed', withoutPerson: true } as const;
    const [past, young] = [await store(45, 45, suppressed), await store(20, 20, suppressed)];
    await eraseByRetention(database, { now: Date.now(), retentionMs: days(30) }, START, 100);
    expect(await findStoredLead(database, past)).toMatchObject({ match: {}, erased: { by: 'retention' } });
    expect(await findStoredLead(database, past)).not.toHaveProperty('withoutPerson');
    expect(await findStoredLead(database, young)).toMatchObject({ withoutPerson: true });
    expect((await findStoredLead(database, young))?.match.phone).toBeDefined();
  });

  test('follows the campaign’s retention if it has one', async () => {
    const say = (category: string, retention?: number) =>
      storeMarket(database, {}, { category, ...(retention !== undefined && { retention }) });
    const [silent, short, long] = [
      await say('silent'),
      await say('short', days(7)),
      await say('long', days(90)),
    ];
    const endedAgo = async (own: CampaignDocument, ended: number): Promise<string> => {
      const times = { receivedAt: daysAgo(ended), updatedAt: daysAgo(ended) };
      return (await storeLead(database, own, { status: 'sold', ...times }))._id;
    };
    const erased = [await endedAgo(silent, 31), await endedAgo(short, 8), await endedAgo(long, 91)];
    const kept = [await endedAgo(silent, 29), await endedAgo(short, 6), await endedAgo(long, 89)];
    await eraseByRetention(database, { now: Date.now(), retentionMs: days(30) }, START, 100);
    expect(await Promise.all(erased.map(isErased))).toEqual([true, true, true]);
    expect(await Promise.all(kept.map(isErased))).toEqual([false, false, false]);
    const unsaid = await endedAgo(silent, 1000);
    expect(await eraseByRetention(database, { now: Date.now() }, START, 100)).toEqual({ erased: 0 });
    expect(await isErased(unsaid)).toBe(false);
  });

  test(
    'runs on a schedule that the worker creates, and follows the setting',
    { timeout: 90_000 },
    async () => {
      const [old, young] = [await store(40, 31), await store(40, 3)];
      const handle = client.schedule.getHandle(retentionScheduleId(settings.TASK_QUEUE));
      const worker = await workerOf(settings);
      try {
        await handle.trigger();
        await expect.poll(() => isErased(old), { timeout: 20_000 }).toBe(true);
        expect(await isErased(young)).toBe(false);
      } finally {
        await worker.stop();
      }
      await scheduleRetention({ ...settings, RETENTION_DAYS: 2 });
      const { action } = await handle.describe();
      expect(action).toMatchObject({ args: [{ retentionMs: days(2) }] });
      await scheduleRetention({ ...settings, RETENTION_DAYS: 0 });
      expect((await handle.describe()).action).toMatchObject({ args: [{}] });
    },
  );
});
