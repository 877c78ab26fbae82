import { Client, Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, describe, it, onTestFinished } from 'vitest';
import { createLog } from '../../src/log.js';
import { RETRY_NOW_SIGNAL, workflowId } from '../../src/temporal/names.js';
import { makeCurrentIfDue } from '../../src/worker/rollout.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { sendLead, type Reply, type Source } from '../support/source.js';
import { workerOf } from '../support/worker.js';
import { becomesSold, wasSoldOnce } from './soldOnce.js';
import { openFaultWorld, type FaultWorld } from './world.js';

/** Between two leads, which all are checked at the end. */
const PAUSE_MS = 50;

describe('a new build of the workers', () => {
  let world: FaultWorld;
  let connection: Connection;
  let client: Client;
  const running = new Set<RunningWorker>();
  afterEach(async () => {
    await Promise.all([...running].map((worker) => stop(worker)));
  });
  beforeAll(async () => {
    world = await openFaultWorld();
    connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
    client = new Client({ connection, namespace: world.settings.TEMPORAL_NAMESPACE });
  });
  afterAll(async () => {
    await connection.close();
    await world.close();
  });

  async function startWorker(build: string): Promise<RunningWorker> {
    const worker = await workerOf({ ...world.settings, BUILD_ID: build });
    running.add(worker);
    return worker;
  }

  async function currentBuild(): Promise<string | null | undefined> {
    const { TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: deploymentName } = world.settings;
    const { workflowService } = connection;
    const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment({
      namespace,
      deploymentName,
    });
    return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
  }

  /** The workflows last run by this build, with the query in docs/upgrades.md. */
  async function livedBy(build: string): Promise<string[]> {
    const query = `TemporalWorkerDeploymentVersion = "${world.settings.TASK_QUEUE}:${build}"`;
    const found: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
    return found;
  }

  async function stop(worker: RunningWorker): Promise<void> {
    running.delete(worker);
    await worker.stop();
  }

  const idOf = ({ body }: Reply): string => String(body.lead_id);

  it('takes over worker by worker under load, waiting leads continue on it, and no lead is lost', async () => {
    const { database, key } = world;
    const { address } = await world.apiHere();
    const source: Source = { address, key };
    const server = await startBuyer();
    // It does not bid at first, so that its lead waits for its next round across the change.
    const late = await startBuyer({ ping: { body: {} } });
    onTestFinished(async () => {
      await Promise.all([server.close(), late.close()]);
    });
    await storeMarket(database, { quick: { server } }, { category: 'flowing' });
    await storeMarket(
      database,
      { late: { server: late } },
      { category: 'waiting', pending: { retryAfter: [3_600_000], expireAfter: 86_400_000 } },
    );
    const old = await Promise.all([startWorker('first'), startWorker('first')]);
    const waiting = await sendLead(source, 'waiting');
    expect(waiting.body).toMatchObject({ status: 'pending' });

    const answers: Reply[] = [];
    const enough = new AbortController();
    const flow = (async () => {
      while (!enough.signal.aborted) {
        answers.push(await sendLead(source, 'flowing'));
        await sleep(PAUSE_MS);
      }
    })();
    const answered = async (more: number): Promise<void> => {
      const before = answers.length;
      await expect.poll(() => answers.length, { timeout: 20_000 }).toBeGreaterThan(before + more);
    };
    await answered(5);
    await startWorker('second');
    expect(await currentBuild()).toBe('second');
    await Promise.all([startWorker('second'), ...old.map((worker) => stop(worker))]);
    await answered(5);
    enough.abort();
    await flow;

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const sales = answers.map((reply) => ({ leadId: idOf(reply), buyer: 'quick', price: 2000, server }));
    await Promise.all(
      sales.map(async (sale) => {
        await becomesSold(source, sale);
        expect((await world.storyOf(sale.leadId)).status).toBe('sold');
        await wasSoldOnce(database, sale);
      }),
    );
    late.answer('ping', { body: { bid: 20 } });
    await client.workflow.getHandle(workflowId(idOf(waiting))).signal(RETRY_NOW_SIGNAL);
    await becomesSold(source, { leadId: idOf(waiting), buyer: 'late', price: 2000 });
    expect((await world.storyOf(idOf(waiting))).status).toBe('sold');
    await expect.poll(() => livedBy('second'), { timeout: 20_000 }).toContain(workflowId(idOf(waiting)));
    expect((await livedBy('first')).length).toBeGreaterThan(0);
  });

  it('keeps its leads while one of its workers runs, and then an earlier build gets them', async () => {
    const { settings } = world;
    const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
    const worker = await startWorker('second');
    await startWorker('first');
    expect(await currentBuild()).toBe('second');
    await stop(worker);
    expect(await makeCurrentIfDue({ connection, settings, buildId: 'first', log })).toBe('waits');
    const manual = { ...settings, WORKER_ROLLOUT: 'manual' as const };
    expect(await makeCurrentIfDue({ connection, settings: manual, buildId: 'first', log }, 0)).toBe('waits');
    expect(await makeCurrentIfDue({ connection, settings, buildId: 'first', log }, 0)).toBe('current');
    expect(await currentBuild()).toBe('first');
  });
});
