import { readSettings, type Settings } from '../config.js';
import { applyMarketText } from '../local/applyMarketText.js';
import { SAMPLE } from '../local/demo/sample.js';
import { nodeArguments } from '../local/gavelProcess.js';
import { localMasterKeys } from '../local/masterKeys.js';
import { readyMessage } from '../local/parts.js';
import { choosePorts } from '../local/ports.js';
import type { Servers } from '../local/servers.js';
import { ensureIndexes, openDatabase, type Database } from '../store/db.js';
import { createKey } from '../store/keys.js';
import { BUYERS, marketText } from './market.js';
import { BENCH_QUEUE } from './ways.js';

/** Everything that the bench runs on but the API and the worker. */
export interface World {
  /** Holds the servers' data and every log. */
  dir: string;
  servers: Servers;
  /** What the product's processes are started with. */
  env: NodeJS.ProcessEnv;
  settings: Settings;
  /** The bench's own way to the database. */
  database: Database;
  /** May send as many leads as the bench can. */
  key: string;
}

/** A minute: on a slow or busy machine too, what is measured is the sale and not the end of the source's patience. */
const ANSWER_WINDOW_MS = 60_000;

const NO_LIMIT = 10_000_000;

/** Starts the buyers and the worker of the other ways, and stores the market and a key. */
export async function openWorld(dir: string, servers: Servers): Promise<World> {
  const env = {
    ...process.env,
    ...servers.addresses,
    HOST: '127.0.0.1',
    OUTBOUND_ALLOW: '127.0.0.1',
    OUTBOUND_HTTP: 'true',
    MASTER_KEYS: localMasterKeys(dir),
    ANSWER_WINDOW_MS: String(ANSWER_WINDOW_MS),
  };
  const settings = readSettings(env, {});
  const database = openDatabase(settings);
  const buyers = await choosePorts(dir, BUYERS);
  const parts = [
    { name: 'buyers', args: nodeArguments('bench/buyers', ...BUYERS.map((id) => String(buyers[id]))), env },
    { name: 'bench-worker', args: nodeArguments('bench/worker'), env: { ...env, TASK_QUEUE: BENCH_QUEUE } },
  ].map((part) => servers.processes.start({ ...part, command: process.execPath, ipc: true }));
  await Promise.all(parts.map(readyMessage));
  await ensureIndexes(database);
  await applyMarketText(database, 'market of the bench', marketText(buyers));
  const { key } = await createKey(database, { seller: SAMPLE.seller, test: false, limit: NO_LIMIT });
  return { dir, servers, env, settings, database, key };
}
