import { explainDatabaseError } from '../terminal/useDatabase.js';
import { pickSettings } from '../config.js';
import { openDatabase } from '../store/db.js';
import { ensureIndexes } from '../store/upkeep/indexes.js';
import { writeAddresses } from './addressesFile.js';
import { chooseApiAddress, type ApiAddress } from './apiAddress.js';
import { openDemo, playDemo, type Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import type { ServerAddresses } from './servers/localServer.js';
import { takeLock } from './processes/lock.js';
import { localMasterKeys } from './localMasterKeys.js';
import { adminPlan, servePlan } from './gavelParts.js';
import { reportStarting, type Progress } from '../terminal/progress.js';
import { startServers, type Servers } from './servers/servers.js';
import type { PartEvent } from './processes/supervise.js';

/** Where a running stack is reached. */
export interface StackReady {
  api: string;
  docs: string;
  admin: string;
  temporalUi?: string;
  /** In which Temporal has the workflows. */
  namespace: string;
  servers: ServerAddresses;
  demo?: Demo;
}

export interface StackOptions {
  /** Holds the stack's state: `.local`. */
  dir: string;
  /** Whether the demo market is applied and played. */
  demo: boolean;
  env?: NodeJS.ProcessEnv;
  signal: AbortSignal;
  progress: Progress;
  /** Told once everything answers. */
  onReady: (ready: StackReady) => void;
  /** Told each thing that a demo buyer does. */
  onDemo: (message: DemoMessage) => void;
  /** Is called with each crash of a part, which is then started again. */
  onPart: (event: PartEvent) => void;
  /** Given a function that ends every part at once, for those who do not want to wait. */
  onKill: (kill: () => void) => void;
  /** Given a function that restarts worker and APIs, for `npm run dev`. */
  onStarted?: (restart: () => Promise<void>) => void;
}

/**
 * Runs servers, worker and APIs, with the demo if it is wanted, until the signal ends them. A part that crashes is
 * started again. However it ends, APIs, worker and buyers end before the servers, and nothing is left behind.
 * @throws LocalStackError when a part can't be started at first, or keeps crashing
 */
export async function runStack(options: StackOptions): Promise<void> {
  const { dir, env = process.env, signal, progress, onPart } = options;
  const lock = await takeLock(dir);
  const { api, admin } = await chooseAddresses(dir, env).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const servers = await startServers({ dir, lock, env, progress, signal, onPart });
  options.onKill(() => servers.processes.kill());
  options.onStarted?.(async () => {
    await Promise.all(['serve', 'admin'].map((part) => servers.processes.restart(part)));
  });
  const ended = endOf(servers, signal);
  let removeAddresses: (() => void) | undefined;
  try {
    const ports = { PORT: String(api.port), ADMIN_PORT: String(admin.port) };
    const addresses = { ...outbound(env), ...servers.addresses, ...ports };
    const settings = {
      ...env,
      ...addresses,
      MASTER_KEYS: env.MASTER_KEYS || localMasterKeys(dir),
      // It is one process's own, and here are two.
      METRICS_PORT: '',
    };
    const ready = await Promise.race([ended, startParts(options, servers, settings, { api, admin })]);
    if (ready) {
      removeAddresses = writeAddresses(dir, addresses);
      options.onReady(ready);
      await ended;
    }
  } finally {
    removeAddresses?.();
    if (signal.aborted) progress('Stopping');
    await servers.stop();
  }
}

async function chooseAddresses(
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<'api' | 'admin', ApiAddress>> {
  return { api: await chooseApiAddress(dir, env), admin: await chooseApiAddress(dir, env, 'admin') };
}

/** The buyers of a local stack are on this machine too; what the environment says instead is left as it is. */
function outbound(env: NodeJS.ProcessEnv): Record<'OUTBOUND_ALLOW' | 'OUTBOUND_HTTP', string> {
  return {
    OUTBOUND_ALLOW: env.OUTBOUND_ALLOW ?? 'localhost,127.0.0.0/8,::1',
    OUTBOUND_HTTP: env.OUTBOUND_HTTP ?? 'true',
  };
}

/** Resolves when the signal ends the stack, rejects when it can't go on. */
export async function endOf({ processes }: Servers, signal: AbortSignal): Promise<undefined> {
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const failure = await Promise.race([stopped, processes.failure]);
  if (failure) throw failure;
}

async function startParts(
  { dir, demo, progress, onDemo }: StackOptions,
  { start, addresses }: Servers,
  env: NodeJS.ProcessEnv,
  { api, admin }: Record<'api' | 'admin', ApiAddress>,
): Promise<StackReady> {
  const started = reportStarting(progress, [...(demo ? ['buyers'] : []), 'API with worker', 'admin API']);
  const settings = pickSettings(
    ['MONGODB_URL', 'MONGODB_DATABASE', 'MASTER_KEYS', 'TEMPORAL_NAMESPACE'],
    env,
    {},
  );
  const database = openDatabase(settings);
  try {
    const opened = ensureIndexes(database).then(() =>
      demo ? openDemo(database, { dir, env, start, tell: onDemo }) : undefined,
    );
    const [open] = await Promise.all([
      started('buyers', opened),
      started('API with worker', start(servePlan(env, api))),
      started('admin API', start(adminPlan(env, admin))),
    ]);
    const temporalUi = env.TEMPORAL_UI_URL;
    if (open) progress('Sending a sample lead');
    const namespace = settings.TEMPORAL_NAMESPACE;
    const played = open && (await playDemo(database, open, { api: api.url, temporalUi, namespace }));
    return {
      api: api.url,
      docs: `${api.url}/docs`,
      admin: admin.url,
      servers: addresses,
      temporalUi,
      namespace,
      demo: played,
    };
  } catch (error) {
    throw explainDatabaseError(error, settings.MONGODB_URL);
  } finally {
    await database.client.close();
  }
}
