import { fileURLToPath } from 'node:url';
import { readSettings, type Settings } from '../../src/config.js';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { SAMPLE } from '../../src/local/demo/sample.js';
import { localMasterKeys } from '../../src/local/localMasterKeys.js';
import { readyMessage } from '../../src/local/gavelParts.js';
import { choosePorts } from '../../src/local/servers/ports.js';
import type { Servers } from '../../src/local/servers/servers.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { BUYERS, marketText } from './market.js';
import { BENCH_QUEUE } from './ways.js';

/** The environment of the bench without API and worker. */
export interface World {
  /** Folder of the servers' data and all logs. */
  dir: string;
  servers: Servers;
  /** Environment of the product's processes. */
  env: NodeJS.ProcessEnv;
  settings: Settings;
  /** The bench's own database connection. */
  database: Database;
  /** A key without a practical rate limit. */
  key: string;
}

/** The sellers, and the answer window of their sources. */
interface Terms {
  sellers?: readonly string[];
  answerWindowMs?: number;
}

/** One minute, so that even a slow or busy machine measures sales and not timeouts. */
const PATIENT_MS = 60_000;

/** Starts the buyers, and stores the market and a key. */
export async function openWorld(
  dir: string,
  servers: Servers,
  { sellers = [SAMPLE.seller], answerWindowMs = PATIENT_MS }: Terms = {},
): Promise<World> {
  const env = {
    ...process.env,
    ...servers.addresses,
    HOST: '127.0.0.1',
    OUTBOUND_ALLOW: '127.0.0.1',
    OUTBOUND_HTTP: 'true',
    MASTER_KEYS: localMasterKeys(dir),
    ANSWER_WINDOW_MS: String(answerWindowMs),
  };
  const settings = readSettings(env, {});
  const database = openDatabase(settings);
  const buyers = await choosePorts(dir, BUYERS);
  const ports = BUYERS.map((id) => String(buyers[id]));
  await startPart(servers, 'buyers', benchProcess('buyers', ...ports), env);
  await ensureIndexes(database);
  await applyMarketText(database, 'market of the bench', marketText(buyers, sellers));
  const key = await unlimitedKey(database, SAMPLE.seller);
  return { dir, servers, env, settings, database, key };
}

/** Starts the worker of the floor and of the plain way. */
export const startBenchWorker = ({ servers, env }: World): Promise<void> =>
  startPart(servers, 'bench-worker', benchProcess('worker'), { ...env, TASK_QUEUE: BENCH_QUEUE });

const startPart = ({ start }: Servers, name: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> =>
  start({ command: { name, args, env, command: process.execPath, ipc: true }, ready: readyMessage });

/** Node's arguments that run a compiled file of the bench. */
const benchProcess = (file: 'buyers' | 'worker', ...args: string[]): string[] => [
  '--enable-source-maps',
  fileURLToPath(new URL(`${file}.js`, import.meta.url)),
  ...args,
];

const NO_LIMIT = 10_000_000;

/** Creates a key of the seller without a practical rate limit. */
export async function unlimitedKey(database: Database, seller: string): Promise<string> {
  return (await createKey(database, { seller, test: false, limit: NO_LIMIT })).key;
}
