import { Client, Connection } from '@temporalio/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { openDatabase, type CampaignDocument, type Database } from '../../src/store/db.js';
import { findStoredLead, type LeadDocument } from '../../src/store/leads.js';
import { erasePast } from '../../src/store/retention.js';
import { retentionScheduleId, scheduleRetention } from '../../src/temporal/retentionSchedule.js';
import { gavelProcesses } from '../support/gavelProcesses.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

describe('the retention', () => {
  let settings: Settings;
  let database: Database;
  let campaign: CampaignDocument;
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    settings = await isolatedSettings({ RETENTION_DAYS: 30, LOG_LEVEL: 'info' });
    database = openDatabase(settings);
    campaign = await storeMarket(database, {});
    connection = await Connection.connect({ address: settings.TEMPORAL_ADDRESS });
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  });
  afterAll(async () => {
    await scheduleRetention({ ...settings, RETENTION_DAYS: 0 });
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

  test('erases in batches, the oldest first, and passes by what must stay', async () => {
    const past = [await store(50, 45), await store(49, 45, { status: 'sold' }), await store(48, 45)];
    const held = await store(52, 45, { loose: ['northwind'] });
    const staying = [await store(60, 29), await store(90, 45, { status: 'pending' }), held];
    const before = daysAgo(30);
    const first = await erasePast(database, before, new Date(0), 2);
    expect(first).toEqual({ erased: 1, next: expect.any(Date) as Date });
    const second = await erasePast(database, before, first.next ?? before, 2);
    expect(second).toMatchObject({ erased: 2 });
    expect(await erasePast(database, before, second.next ?? before, 2)).toEqual({ erased: 0 });
    expect(await Promise.all(past.map(isErased))).toEqual([true, true, true]);
    expect(await Promise.all(staying.map(isErased))).toEqual([false, false, false]);
  });

  test(
    'is done by a schedule that the worker makes, follows the setting and goes with it',
    { timeout: 90_000 },
    async () => {
      const [old, young] = [await store(40, 31), await store(40, 3)];
      const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
      const processes = gavelProcesses(dir);
      const handle = client.schedule.getHandle(retentionScheduleId(settings.TASK_QUEUE));
      try {
        await processes.worker(settings);
        await handle.trigger();
        await expect.poll(() => isErased(old), { timeout: 20_000 }).toBe(true);
        expect(await isErased(young)).toBe(false);
      } finally {
        await processes.stop();
        rmSync(dir, { recursive: true });
      }
      await scheduleRetention({ ...settings, RETENTION_DAYS: 2 });
      const { action } = await handle.describe();
      expect(action).toMatchObject({ args: [{ retentionMs: 2 * 86_400_000 }] });
      await scheduleRetention({ ...settings, RETENTION_DAYS: 0 });
      await expect(handle.describe()).rejects.toThrow(/not found/i);
      await scheduleRetention({ ...settings, RETENTION_DAYS: 0 });
    },
  );
});
