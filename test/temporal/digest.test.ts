import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { countAnswer, flushAnswers, type BuyerAnswer } from '../../src/store/fairness/answers.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { digestScheduleId, scheduleDigest, retentionScheduleId } from '../../src/worker/schedules.js';
import { readPage } from '../docs/page.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { workerOf } from '../support/worker.js';

const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

/** Keys of a digest and of each of its reasons. */
const keysOf = (digest: { unused?: unknown } = {}): string[][] =>
  [digest, ...((digest.unused ?? []) as object[])].map((one) => Object.keys(one));

describe('the daily digest', () => {
  let settings: Settings;
  let database: Database;
  let connection: Connection;
  let client: Client;
  let servers: Record<'northwind' | 'fabrikam' | 'contoso', FakeBuyer>;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    connection = await Connection.connect({ address: settings.TEMPORAL_ADDRESS });
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    const start = () => startBuyer({ digest: [{ status: 503 }, {}] });
    servers = { northwind: await start(), fabrikam: await start(), contoso: await start() };
  });
  afterAll(async () => {
    for (const id of [digestScheduleId, retentionScheduleId])
      await client.schedule.getHandle(id(settings.TASK_QUEUE)).delete();
    await connection.close();
    await database.client.close();
    await Promise.all(Object.values(servers).map((server) => server.close()));
  });

  /** Ends the pause before the second attempt, which Temporal has scheduled 10 s after the first. */
  async function retryNow(): Promise<void> {
    const { TASK_QUEUE, TEMPORAL_NAMESPACE: namespace } = settings;
    const { info } = await client.schedule.getHandle(digestScheduleId(TASK_QUEUE)).describe();
    const [started] = info.recentActions.flatMap(({ action }) => action.workflow);
    const workflow = client.workflow.getHandle(started?.workflowId ?? '');
    const pending = async () => (await workflow.describe()).raw.pendingActivities ?? [];
    await expect.poll(pending, { timeout: 10_000 }).toMatchObject([{ attempt: 2, lastFailure: {} }]);
    const [{ activityId: id } = {}] = await pending();
    const execution = { workflowId: workflow.workflowId };
    await connection.workflowService.resetActivity({ namespace, execution, id });
  }

  test(
    'sends each subscribed buyer the number of unused answers of the previous day, and is retried until delivered',
    { timeout: 90_000 },
    async () => {
      for (const [id, server] of Object.entries(servers))
        await database.buyers.insertOne({
          ...buyerDocument(id, server),
          notices: { url: server.url, timeoutMs: 2000, events: id === 'contoso' ? ['won'] : ['digest'] },
        });
      const at = new Date(`${YESTERDAY}T23:59:59.999Z`);
      const bid = { buyer: 'northwind', of: 'pings', test: false, id: 'p-1', at, isYes: true } as const;
      const slip = (detail: string, id: string, buyer = 'northwind'): BuyerAnswer => ({
        ...{ ...bid, buyer, id, isYes: false },
        fault: { reason: 'invalid_response', detail },
      });
      const no = { ...bid, isYes: false, fault: { reason: 'no_by_status', detail: 'HTTP 422' } } as const;
      for (const answer of [
        ...[bid, slip('not JSON', 'p-2'), slip('bid is too large', 'p-3'), no],
        ...[slip('not JSON', 'p-4', 'contoso'), { ...no, buyer: 'fabrikam' }],
        { ...slip('not JSON', 'p-5', 'fabrikam'), test: true },
        { ...slip('not JSON', 'p-6'), at: new Date(at.getTime() + 1) },
        { ...bid, of: 'posts' as const, fault: { reason: 'uncertain' as const, detail: 'HTTP 503' } },
      ])
        countAnswer(database, answer);
      await flushAnswers(database);

      const handle = client.schedule.getHandle(digestScheduleId(settings.TASK_QUEUE));
      const worker = await workerOf(settings);
      try {
        await handle.trigger();
        await expect.poll(() => servers.northwind.of('digest').length, { timeout: 20_000 }).toBe(1);
        await retryNow();
        await expect.poll(() => servers.northwind.of('digest').length, { timeout: 20_000 }).toBe(2);
        const [first, second] = servers.northwind.of('digest');
        expect(second).toMatchObject({ signed: true, body: first?.body });
        expect(second?.headers['webhook-id']).toBe(`northwind.${YESTERDAY}.digest`);
        expect(second?.body).toEqual({
          ...{ type: 'digest', day: YESTERDAY, pings: 4, bids: 1, posts: 1, accepted: 1 },
          unused: [
            {
              ...{ of: 'ping', reason: 'invalid_response', count: 2, detail: 'bid is too large' },
              ...{ latest_at: at.toISOString(), ping_id: 'p-3' },
            },
            {
              ...{ of: 'post', reason: 'uncertain', count: 1, detail: 'HTTP 503' },
              ...{ latest_at: at.toISOString(), post_id: 'p-1' },
            },
          ],
        });
        const example = readPage('docs/buyer.md').codes.find(({ text }) => text.includes('"type": "digest"'));
        const shown = JSON.parse(example?.text ?? '{}') as { unused: object[] };
        expect(keysOf(second?.body)).toEqual(keysOf(shown));
        expect([servers.fabrikam, servers.contoso].map(({ received }) => received)).toEqual([[], []]);
      } finally {
        await worker.stop();
      }
    },
  );

  test('runs ten minutes after midnight UTC, and stays paused if ops have paused it', async () => {
    const handle = client.schedule.getHandle(digestScheduleId(settings.TASK_QUEUE));
    await handle.pause();
    await scheduleDigest(settings);
    const { state, info } = await handle.describe();
    expect(state.paused).toBe(true);
    expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T00:10:00\.000Z$/);
  });
});
