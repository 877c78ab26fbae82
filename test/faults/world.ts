import { Client, Connection } from '@temporalio/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../src/config.js';
import type { FinishedLead } from '../../src/market/wording/story.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { workflowId } from '../../src/temporal/names.js';
import { gavelProcesses, type GavelProcesses } from '../support/gavelProcesses.js';
import { compiledGavel, isolatedSettings } from '../support/stack.js';

/** A market with API and workers as separate processes, as in production, so that they can be killed. */
export interface FaultWorld {
  settings: Settings;
  /** The test's own database connection, without faults. */
  database: Database;
  processes: GavelProcesses;
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
  return {
    settings,
    database,
    processes,
    key,
    dir,
    storyOf: (leadId) => workflow.getHandle<() => Promise<FinishedLead>>(workflowId(leadId)).result(),
    close: async () => {
      await processes.stop();
      await connection.close();
      await database.client.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
