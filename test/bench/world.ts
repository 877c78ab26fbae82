import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { readSettings, type Settings } from '../../src/config.js';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { localMasterKeys } from '../../src/local/localMasterKeys.js';
import { readyMessage } from '../../src/local/gavelParts.js';
import { choosePorts } from '../../src/local/servers/ports.js';
import type { Servers } from '../../src/local/servers/servers.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { load } from './load.js';
import { BUYERS, marketText, SELLER } from './market.js';
import { onServers, type Run } from './onServers.js';
import { PATIENCE_MS, sendLead, type Reply, type Sent } from './source.js';
import { startGavel } from './startGavel.js';
import type { Watched } from './usage.js';
import { BENCH_QUEUE } from './ways.js';

/** The environment of the bench without Gavel's own processes. */
export interface World {
  /** Folder of the servers' data and all logs. */
  dir: string;
  servers: Servers;
  /** Environment of the product's processes. */
  env: NodeJS.ProcessEnv;
  settings: Settings;
  /** The bench's own database connection. */
  database: Database;
  /** The bench's own connections to the API. */
  agent: Agent;
  seller: string;
  /** A key of the seller without a practical rate limit. */
  key: string;
}

/** Gavel as it runs for the bench. */
export interface Product {
  api: string;
  /** Its processes: API, worker, or both in one. */
  processes: Watched[];
}

/** The sellers, and the answer window of their sources. */
interface Terms {
  sellers?: readonly string[];
  answerWindowMs?: number;
}

/** The product's own answer window, ms. */
export const ANSWER_WINDOW_MS = 3000;

/** An answer window in which leads are sold also on a slow machine, ms. */
export const LONG_WINDOW_MS = PATIENCE_MS - 10_000;

/** Starts servers and buyers, stores the market and a key, and stops all after the work. Undefined if aborted. */
export const withWorld = <T>(
  run: Run,
  terms: Terms,
  work: (world: World) => Promise<T>,
): Promise<T | undefined> =>
  onServers(run, async (dir, servers) => {
    run.progress('starting buyers');
    const world = await openWorld(dir, servers, terms);
    try {
      return await work(world);
    } finally {
      await world.agent.close();
      await world.database.client.close();
    }
  });

async function openWorld(
  dir: string,
  servers: Servers,
  { sellers = [SELLER], answerWindowMs = ANSWER_WINDOW_MS }: Terms,
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
  const ports = BUYERS.map((name) => String(buyers[name]));
  await startPart(servers, 'buyers', benchProcess('buyers', ...ports), env);
  await ensureIndexes(database);
  await applyMarketText(database, 'market of the bench', marketText(buyers, sellers));
  const key = await unlimitedKey(database, SELLER);
  return { dir, servers, env, settings, database, agent: new Agent(), seller: SELLER, key };
}

/** Starts the worker of the floor and of the plain way. */
export const startBenchWorker = ({ servers, env }: World): Promise<void> =>
  startPart(servers, 'bench-worker', benchProcess('worker'), { ...env, TASK_QUEUE: BENCH_QUEUE });

/** Starts Gavel; `flags` are for its Node. */
export async function startProduct(world: World, flags: readonly string[] = []): Promise<Product> {
  const { dir, servers, env } = world;
  const before = new Set(servers.processes.parts);
  const api = await startGavel(dir, servers.start, env, flags);
  return { api, processes: servers.processes.parts.filter((part) => !before.has(part)) };
}

/** Groups of processes, whose CPU time is measured together. */
const GROUPS: Partial<Record<string, string>> = {
  mongodb: 'database',
  temporal: 'Temporal',
  postgresql: 'Temporal',
  redis: 'Redis',
  buyers: 'buyers, client',
  client: 'buyers, client',
};

/** All processes of a run by group. The worker of the floor and of the plain way stands for Gavel's there. */
export const watchedIn = ({ servers }: World): Watched[] =>
  [...servers.processes.parts.toReversed(), { name: 'client', pid: process.pid }].map(({ name, pid }) => ({
    name: GROUPS[name] ?? 'Gavel',
    pid,
  }));

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
const unlimitedKey = async (database: Database, seller: string): Promise<string> =>
  (await createKey(database, { seller, test: false, limit: NO_LIMIT })).key;

/** How a source of a seller sends a lead. */
export type Send = (sent?: Sent) => Promise<Reply>;

/** A source with a key of its own. */
export async function sourceOf(
  { database, agent }: World,
  { api }: Product,
  seller: string = SELLER,
): Promise<Send> {
  const source = { api, seller, key: await unlimitedKey(database, seller) };
  return (sent) => sendLead(agent, source, sent);
}

const WARM_UP_AT = 8;

/** Sends leads until the code is compiled: a worker gets 20 % faster over its first thousand leads. */
export const warmUp = async (leads: number, send: Send): Promise<Reply[]> =>
  (await load(leads, WARM_UP_AT, () => send())).pieces.map(({ result }) => result);
