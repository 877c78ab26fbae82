import { Client, Connection } from '@temporalio/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi, type RunningApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import type { FinishedLead } from '../../src/market/wording/story.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { gavelProcesses, type GavelProcesses } from '../support/gavelProcesses.js';
import { compiledGavel, isolatedSettings } from '../support/stack.js';
import { workerOf } from '../support/worker.js';

/**
 * A market whose APIs and workers share only its servers, as in production. What a test kills or stops with a signal is a
 * process; the others run in the test's process, because a process costs a second of processor time.
 */
export interface FaultWorld {
  settings: Settings;
  /** The test's own database connection, without faults. */
  database: Database;
  processes: GavelProcesses;
  /** Starts an API in the test's process, which is closed with the world. */
  apiHere(settings?: Settings): Promise<RunningApi>;
  /** Starts a worker in the test's process, which is stopped with the world. */
  workerHere(settings?: Settings): Promise<RunningWorker>;
  /** A live key of ACME1234. */
  key: string;
  /** Folder of the processes' logs, deleted after the test. */
  dir: string;
  /** Waits for the end of the lead's workflow; resolves with its result. */
  storyOf(leadId: string): Promise<FinishedLead>;
  close(): Promise<void>;
}

export async function openFaultWorld(overrides: Partial<Settings> = {}): Promise<FaultWorld> {
  const settings = await isolatedSettings({
    LOG_LEVEL: 'info',
    RATE_LIMIT_PER_MINUTE: 10_000,
    ...overrides,
  });
  const database = openDatabase(settings);
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  const processes = gavelProcesses(join(dir, 'logs'), compiledGavel());
  const { key } = await createKey(database, { seller: 'ACME1234', test: false });
  const connection = Connection.lazy({ address: settings.TEMPORAL_ADDRESS });
  const { workflow } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const stopsHere: (() => Promise<void>)[] = [];
  return {
    settings,
    database,
    processes,
    apiHere: async (own = settings) => {
      const api = await startApi(own, createLog({ LOG_LEVEL: 'silent' }, 'api'));
      stopsHere.push(() => api.close());
      return api;
    },
    workerHere: async (own = settings) => {
      const worker = await workerOf(own);
      stopsHere.push(() => worker.stop());
      return worker;
    },
    key,
    dir,
    storyOf: (leadId) => workflow.getHandle<() => Promise<FinishedLead>>(workflowId(leadId)).result(),
    close: async () => {
      await Promise.all([processes.stop(), ...stopsHere.map((stop) => stop())]);
      await connection.close();
      await database.client.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
