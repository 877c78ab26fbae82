import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { LocalStackError } from '../../src/local/processes/localStackError.js';
import { withLog, type Command } from '../../src/local/processes/processes.js';
import { waitUntil } from '../../src/local/processes/waitUntil.js';
import { findBinary } from '../../src/local/servers/findPrograms.js';
import { choosePorts } from '../../src/local/servers/ports.js';
import type { Servers } from '../../src/local/servers/servers.js';
import { packageRoot } from '../../src/packageRoot.js';
import type { Progress } from '../../src/terminal/progress.js';

/**
 * A Temporal server as in production: its four services on PostgreSQL, with several history shards. It is built from
 * source, because it is not published as a program for every system, and kept for later runs.
 */
export const CLUSTER = { release: 'v1.31.0', historyShards: 4 } as const;

/** The frontend's is the address for clients. `…Ring` are the ports on which the services find each other. */
const PORTS = [
  'postgresql',
  ...(['frontend', 'history', 'matching', 'worker'] as const).flatMap(
    (service) => [service, `${service}Ring`] as const,
  ),
] as const;
type Ports = Record<(typeof PORTS)[number], number>;

/** Built once for all runs of this clone. */
const programs = join(packageRoot, '.local', 'cluster', CLUSTER.release);
const temporalServer = join(programs, 'server');
const sqlTool = join(programs, 'sql');

/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0;

/** A PostgreSQL server of this run. */
export interface Postgresql {
  port: number;
  /** Process id of the server; each connection has a process of its own below it. */
  pid: number;
}

/**
 * Starts PostgreSQL, with its data in `dir`.
 * @throws LocalStackError if PostgreSQL is not installed or can't be started
 */
export async function startPostgresql(servers: Servers, dir: string): Promise<Postgresql> {
  const { postgresql: port } = await choosePorts(dir, PORTS);
  const isReady = postgresqlProgram('pg_isready');
  const postgres = postgresqlProgram('postgres');
  const initdb = postgresqlProgram('initdb');
  const data = join(dir, 'postgresql');
  mkdirSync(data, { recursive: true });
  if (isRoot) chownSync(data, ...postgresUser());
  // Only this machine can reach it, so it needs no password.
  const flags = ['--auth=trust', '--username=temporal', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  if (!existsSync(join(data, 'PG_VERSION')))
    await runToEnd(servers, { ...asPostgres(initdb, ['--pgdata', data, ...flags], data), name: 'initdb' });
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200' };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let pid = 0;
  await servers.start({
    command: {
      ...asPostgres(postgres, ['-D', data, '-p', String(port), ...args], data),
      name: 'postgresql',
      server: true,
    },
    ports: [port],
    ready: (part) => {
      pid = part.pid;
      return waitUntil(part, async () => {
        execFileSync(isReady, ['--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
        return true;
      });
    },
  });
  return { port, pid };
}

/**
 * Starts Temporal on that PostgreSQL, with the namespace `default`; returns its address.
 * @throws LocalStackError if it can't be built or started
 */
export async function startTemporal(
  servers: Servers,
  dir: string,
  { port: postgresql }: Pick<Postgresql, 'port'>,
  progress: Progress = () => undefined,
): Promise<string> {
  await buildTemporal(servers, progress);
  const ports = { ...(await choosePorts(dir, PORTS)), postgresql };
  await createTables(servers, dir, ports);
  const file = join(dir, 'temporal.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(temporalConfig(ports, dynamicConfigIn(dir))));
  const address = `127.0.0.1:${ports.frontend}`;
  await servers.start({
    command: {
      name: 'temporal',
      server: true,
      command: temporalServer,
      args: ['--config-file', file, '--allow-no-auth', 'start'],
    },
    ports: [ports.frontend],
    ready: (part) => waitUntil(part, () => hasNamespace(address)),
  });
  return address;
}

async function buildTemporal(servers: Servers, progress: Progress): Promise<void> {
  if (existsSync(temporalServer) && existsSync(sqlTool)) return;
  const go = findBinary(['go'], process.env);
  if (go === undefined)
    throw new LocalStackError(
      'Go is missing, which builds the Temporal server. Install it (https://go.dev/dl/, or Debian: apt-get install golang) and put `go` on PATH.',
    );
  progress(`Building Temporal ${CLUSTER.release} with Go (some minutes, once)`);
  mkdirSync(dirname(programs), { recursive: true });
  const fresh = `${programs}.${process.pid}.new`;
  const packages = ['cmd/server', 'cmd/tools/sql'].map(
    (path) => `go.temporal.io/server/${path}@${CLUSTER.release}`,
  );
  await runToEnd(servers, {
    name: 'go',
    command: go,
    args: ['install', ...packages],
    env: { ...process.env, GOBIN: fresh },
  });
  // Renamed when complete, so that a build that was cut short is never used.
  renameSync(fresh, programs);
}

/** Creates the tables, once; `setup-schema` would fail on existing ones. */
async function createTables(servers: Servers, dir: string, { postgresql }: Ports): Promise<void> {
  const done = join(dir, 'tables-created');
  if (existsSync(done)) return;
  const connection = ['--plugin', 'postgres12', '--ep', '127.0.0.1', '-p', String(postgresql)];
  for (const [database, schema] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    for (const step of [
      ['create-database'],
      ['setup-schema', '--version', '0.0'],
      ['update-schema', '--schema-name', `postgresql/v12/${schema}`],
    ])
      await runToEnd(servers, {
        name: 'temporal-tables',
        command: sqlTool,
        args: [...connection, '--user', 'temporal', '--pw', 'none', '--db', database, ...step],
      });
  }
  writeFileSync(done, '');
}

function temporalConfig(ports: Ports, dynamicConfig: string): object {
  const store = (databaseName: string) => ({
    sql: {
      ...{ pluginName: 'postgres12', databaseName, user: 'temporal', password: 'none' },
      ...{ connectAddr: `127.0.0.1:${ports.postgresql}`, connectProtocol: 'tcp' },
      ...{ maxConns: 20, maxIdleConns: 20, maxConnLifetime: '1h' },
    },
  });
  const service = (grpcPort: number, membershipPort: number) => ({
    rpc: { grpcPort, membershipPort, bindOnIP: '127.0.0.1' },
  });
  const { frontend, history, matching, worker } = ports;
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      ...{ defaultStore: 'default', visibilityStore: 'visibility', numHistoryShards: CLUSTER.historyShards },
      datastores: { default: store('temporal'), visibility: store('temporal_visibility') },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: service(frontend, ports.frontendRing),
      history: service(history, ports.historyRing),
      matching: service(matching, ports.matchingRing),
      worker: service(worker, ports.workerRing),
    },
    clusterMetadata: {
      ...{ enableGlobalNamespace: false, failoverVersionIncrement: 10 },
      ...{ masterClusterName: 'active', currentClusterName: 'active' },
      clusterInformation: {
        active: {
          ...{ enabled: true, initialFailoverVersion: 1 },
          ...{ rpcName: 'frontend', rpcAddress: `127.0.0.1:${frontend}` },
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  };
}

/** Writes the dynamic configuration of the compose file, and what a new cluster needs to be used at once. */
function dynamicConfigIn(dir: string): string {
  const path = join(dir, 'dynamicConfig.yaml');
  const production = readFileSync(join(packageRoot, 'deploy', 'temporal', 'dynamicConfig.yaml'), 'utf8');
  writeFileSync(path, `${production}\nsystem.forceSearchAttributesCacheRefreshOnRead: [{ value: true }]\n`);
  return path;
}

/** Creates the namespace if it does not exist, and asks the services whether they know it. */
async function hasNamespace(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    const { workflowService } = connection;
    const namespace = 'default';
    const exists = await workflowService.describeNamespace({ namespace }).then(
      () => true,
      () => false,
    );
    if (!exists)
      await workflowService.registerNamespace({
        namespace,
        workflowExecutionRetentionPeriod: msToTs('1 day'),
      });
    await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    return true;
  } finally {
    await connection.close();
  }
}

/** Finds a program of PostgreSQL; Debian does not put them on PATH. */
function postgresqlProgram(name: 'initdb' | 'postgres' | 'pg_isready'): string {
  const debian = '/usr/lib/postgresql';
  const releases = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const dirs = [process.env.PATH ?? '', ...releases.map((release) => join(debian, release, 'bin'))];
  const found = findBinary([name], { PATH: dirs.join(delimiter) });
  if (found !== undefined) return found;
  throw new LocalStackError(
    `PostgreSQL is missing (${name}). Install version 12 or newer (Debian: apt-get install postgresql), or put its programs on PATH.`,
  );
}

/** The user and group that Debian's package creates. */
function postgresUser(): [uid: number, gid: number] {
  try {
    const id = (of: '-u' | '-g'): number =>
      Number(execFileSync('id', [of, 'postgres'], { encoding: 'utf8' }));
    return [id('-u'), id('-g')];
  } catch {
    throw new LocalStackError(
      'PostgreSQL does not run as root, and there is no user `postgres`. Run this as another user.',
    );
  }
}

/** A command of PostgreSQL, which runs as `postgres` if we are root. */
function asPostgres(command: string, args: string[], cwd: string): Omit<Command, 'name'> {
  if (!isRoot) return { command, args, cwd };
  const [uid, gid] = postgresUser();
  const flags = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return { command: 'setpriv', args: [...flags, command, ...args], cwd };
}

async function runToEnd({ processes }: Servers, command: Command): Promise<void> {
  const part = processes.start(command);
  const how = await part.ended;
  if (how !== 'exit code 0') throw withLog(part, `${command.name} failed (${how})`);
}
