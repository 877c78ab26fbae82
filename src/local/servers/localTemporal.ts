import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { temporalIn } from './findPrograms.js';
import type { LocalServer } from './localServer.js';
import { waitUntil } from '../processes/waitUntil.js';

/** At its own 20 polls a second and shard, and with one shard, every workflow task waits for the next 50 ms tick. */
const dynamicConfig = [
  'history.transferProcessorMaxPollRPS=5000',
  'history.timerProcessorMaxPollRPS=5000',
  'history.visibilityProcessorMaxPollRPS=500',
  // Search attributes that the worker registers can be used at once, not after up to a minute.
  'system.forceSearchAttributesCacheRefreshOnRead=true',
  // Sellers take turns while leads wait for a worker.
  'matching.enableFairness=true',
  // Priority and turns are kept in each partition by itself.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  // A task queue of its own for each test is a deployment of its own.
  'matching.maxDeployments=10000',
];

/** Without these two the file costs more than half of the speed; with them it still keeps what it acknowledged. */
const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];

/** Temporal's development server with its web pages. */
export const temporal: LocalServer = {
  name: 'temporal',
  setting: 'TEMPORAL_ADDRESS',
  binaries: ['temporal'],
  plan({ dir, ports, program }) {
    const data = join(dir, 'temporal');
    mkdirSync(data, { recursive: true });
    const address = `127.0.0.1:${ports.temporal}`;
    return {
      plan: {
        command: {
          name: 'temporal',
          server: true,
          command: 'binary' in program ? program.binary : temporalIn(program.packages.dir),
          args: [
            ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn', '--ui-disable-news-fetch'],
            ...['--port', String(ports.temporal), '--ui-port', String(ports.temporalUi)],
            ...['--db-filename', join(data, 'temporal.db')],
            ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
            ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
          ],
        },
        ports: [ports.temporal, ports.temporalUi],
        ready: (part) => waitUntil(part, () => hasNamespace(address)),
      },
      addresses: { TEMPORAL_ADDRESS: address, TEMPORAL_UI_URL: `http://127.0.0.1:${ports.temporalUi}` },
    };
  },
};

async function hasNamespace(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    return namespaceInfo?.name === 'default';
  } finally {
    await connection.close();
  }
}
