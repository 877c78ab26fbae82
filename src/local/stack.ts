import { pickSettings } from '../config.js';
import { ensureIndexes, openDatabase } from '../store/db.js';
import { writeAddresses } from './addressesFile.js';
import { chooseApiAddress, type ApiAddress } from './apiAddress.js';
import { openDemoMarket, playDemo, startDemoBuyers, type Demo } from './demo/demo.js';
import type { DemoMessage } from './demo/messages.js';
import type { ServerAddresses } from './localServer.js';
import { takeLock } from './lock.js';
import { localMasterKeys } from './masterKeys.js';
import { startAdminPart, startApiPart, startWorkerPart } from './parts.js';
import type { Progress } from './progress.js';
import { startServers, type Servers } from './servers.js';

/** Where a running stack is reached. */
export interface StackReady {
  api: string;
  docs: string;
  admin: string;
  temporalUi?: string;
  servers: ServerAddresses;
  demo?: Demo;
}

export interface StackOptions {
  /** Holds the stack's state: `.local`. */
  dir: string;
  /** Whether the demo market is applied and played. */
  demo: boolean;
  env?: NodeJS.ProcessEnv;
  /** Ends the stack. */
  signal: AbortSignal;
  progress: Progress;
  /** Told once everything answers. */
  onReady: (ready: StackReady) => void;
  /** Told each thing that a demo buyer does. */
  onDemo: (message: DemoMessage) => void;
  /** Given what ends every part at once, for those who do not want to wait. */
  onKill: (kill: () => void) => void;
}

/**
 * Runs servers, worker and API, with the demo where it is wanted, until the signal ends them. Whatever the end, API,
 * worker and buyers end before the servers, and nothing is left behind.
 * @throws LocalStackError when a part can't be started or ends by itself
 */
export async function runStack(options: StackOptions): Promise<void> {
  const { dir, env = process.env, signal, progress } = options;
  const lock = await takeLock(dir);
  const { api, admin } = await chooseAddresses(dir, env).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const servers = await startServers({ dir, lock, env, progress, signal });
  options.onKill(() => servers.processes.kill());
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
    const ready = await Promise.race([
      ended,
      startParts(options, servers, settings, { api: api.url, admin: admin.url }),
    ]);
    if (ready) {
      removeAddresses = writeAddresses(dir, addresses);
      options.onReady(ready);
      await ended;
    }
  } finally {
    removeAddresses?.();
    if (signal.aborted) progress('ending');
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

/** Resolves when the stack is told to end, rejects when a part of it ends by itself. */
export async function endOf({ processes }: Servers, signal: AbortSignal): Promise<undefined> {
  const told = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const death = await Promise.race([told, processes.death]);
  if (death) throw death;
}

async function startParts(
  { dir, demo, progress, onDemo }: StackOptions,
  { processes, addresses }: Servers,
  env: NodeJS.ProcessEnv,
  { api, admin }: Pick<StackReady, 'api' | 'admin'>,
): Promise<StackReady> {
  progress(demo ? 'starting buyers, worker, APIs' : 'starting worker, APIs');
  const settings = pickSettings(['MONGODB_URL', 'MONGODB_DATABASE', 'TEMPORAL_NAMESPACE'], env, {});
  const database = openDatabase(settings);
  try {
    const buyers = demo ? startDemoBuyers(processes, env) : undefined;
    const worker = startWorkerPart(processes, env);
    const apis = Promise.all([startApiPart(processes, env, api), startAdminPart(processes, env)]);
    const opened = ensureIndexes(database).then(
      () => buyers && openDemoMarket(database, dir, buyers, onDemo),
    );
    const [key] = await Promise.all([opened, worker, apis]);
    const temporalUi = env.TEMPORAL_UI_URL;
    if (key !== undefined) progress('sending the sample lead');
    const namespace = settings.TEMPORAL_NAMESPACE;
    const played =
      key === undefined ? undefined : await playDemo(database, key, { api, temporalUi, namespace });
    return {
      api,
      docs: `${api}/docs`,
      admin,
      servers: addresses,
      ...(temporalUi === undefined ? {} : { temporalUi }),
      ...(played && { demo: played }),
    };
  } finally {
    await database.client.close();
  }
}
