import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { servePlan } from '../../src/local/gavelParts.js';
import type { Part } from '../../src/local/processes/processes.js';
import { begin } from '../../src/local/processes/startPlan.js';
import { anyPort } from '../../src/local/servers/ports.js';
import { clusterReport, type ClusterReport, type LimitName, type Measured } from './clusterReport.js';
import { startPostgresql, startTemporal, type Postgresql } from './clusterServers.js';
import { load, loadFor } from './load.js';
import { categoryOf, SELLER } from './market.js';
import type { Run } from './onServers.js';
import { cpuFromNow, type Watched } from './usage.js';
import { LONG_WINDOW_MS, sourceOf, watchedIn, withWorld, type Send, type World } from './world.js';

export interface ClusterOptions extends Run {
  /** Number of leads before each measurement, for each process. */
  leads: number;
  repeat: number;
  /** Duration of each measurement. */
  seconds: number;
}

/** Its buyer takes this time for a ping, and the same for a post. */
const SLOW_SELLER = 'SLOW0000';
const SLOW_MS = 750;

/**
 * What limits the leads a second. `buyers`: each process gets eight leads at a time, whose buyer is slow, so that the
 * cores are mostly idle and the figure shows whether processes get in each other's way. `machine`: the cores, which
 * Temporal, PostgreSQL, the database, the buyers and the sources share.
 */
const LIMITS: Record<LimitName, { seller: string; concurrency: (processes: number) => number }> = {
  buyers: { seller: SLOW_SELLER, concurrency: (processes) => 8 * processes },
  machine: { seller: SELLER, concurrency: () => 32 },
};

/**
 * Measures one `gavel serve` process, then two of them, on a Temporal server with PostgreSQL and several history shards.
 * Undefined if aborted.
 * @throws LocalStackError if a program is missing, or a process can't be started or ends by itself
 */
export async function runCluster(options: ClusterOptions): Promise<ClusterReport | undefined> {
  const { progress } = options;
  let postgresql: Postgresql | undefined;
  const run: Run = {
    ...options,
    replaced: {
      name: 'temporal',
      start: async (servers, dir) => {
        progress('starting PostgreSQL');
        postgresql = await startPostgresql(servers, dir);
        progress('starting Temporal');
        return { TEMPORAL_ADDRESS: await startTemporal(servers, dir, postgresql, progress) };
      },
    },
  };
  return withWorld(run, { answerWindowMs: LONG_WINDOW_MS }, async (world) => {
    const slow = await openSlowBuyer(world);
    try {
      return clusterReport(await measureAll(world, postgresql?.pid ?? 0, options));
    } finally {
      slow.close();
    }
  });
}

async function measureAll(
  world: World,
  postgresql: number,
  { repeat, progress, ...plan }: ClusterOptions,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let round = 1; round <= repeat; round += 1)
    for (const limit of Object.keys(LIMITS) as LimitName[])
      for (const processes of [1, 2]) {
        progress(`${round} of ${repeat}: limited by ${limit}, ${processes} ${plural(processes)}`);
        measured.push(await measure(world, postgresql, { limit, processes, ...plan }));
      }
  return measured;
}

const plural = (processes: number): string => (processes === 1 ? 'process' : 'processes');

const WARM_UP_AT = 8;

async function measure(
  world: World,
  postgresql: number,
  {
    limit,
    processes,
    seconds,
    leads,
  }: Pick<Measured, 'limit' | 'processes'> & Pick<ClusterOptions, 'seconds' | 'leads'>,
): Promise<Measured> {
  const { seller, concurrency } = LIMITS[limit];
  const served = await startServing(world, processes);
  const ended = served.map(({ part }) =>
    part.ended.then((how) => Promise.reject(new Error(`ended: ${how}`))),
  );
  try {
    const quick = await inTurn(world, served, SELLER);
    const send = await inTurn(world, served, seller);
    await Promise.race([load(leads * processes, WARM_UP_AT * processes, quick), ...ended]);
    const watched: Watched[] = [
      ...watchedIn(world),
      ...childrenOf(postgresql).map((pid) => ({ name: 'Temporal', pid })),
    ];
    const watch = () => cpuFromNow(watched);
    const loaded = await Promise.race([
      loadFor({ seconds, concurrency: concurrency(processes), work: send, watch }),
      ...ended,
    ]);
    return {
      ...{
        limit,
        processes,
        seconds: loaded.seconds,
        cpu: loaded.seen.processes,
        others: loaded.seen.others,
      },
      replies: loaded.pieces.map(({ result }) => result),
    };
  } finally {
    for (const end of ended) end.catch(() => undefined);
    for (const { part } of served) await world.servers.processes.end(part);
  }
}

interface Serving {
  api: string;
  part: Part;
}

/** Starts `gavel serve` that many times. */
const startServing = ({ env, servers }: World, count: number): Promise<Serving[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i): Promise<Serving> => {
      const port = await anyPort();
      const api = `http://127.0.0.1:${port}`;
      const { command, ...plan } = servePlan(env, { port, url: api });
      const name = `serve-${i + 1}`;
      return { api, part: await begin(servers.processes, { ...plan, command: { ...command, name } }) };
    }),
  );

/** Sends to one process after the other, as a load balancer does. */
async function inTurn(world: World, served: readonly Serving[], seller: string): Promise<Send> {
  const sends = await Promise.all(served.map(({ api }) => sourceOf(world, { api, processes: [] }, seller)));
  let next = 0;
  return (sent) => (sends[next++ % sends.length] as Send)(sent);
}

/** The processes of PostgreSQL's connections; none on systems without /proc. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Adds a seller whose only buyer is slow; the buyer runs in this process. */
async function openSlowBuyer({ database }: World): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const answer = request.url === '/ping' ? { bid: 20 } : { accepted: true };
    void sleep(SLOW_MS).then(() =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await applyMarketText(
    database,
    'market of the slow buyer',
    `
sellers:
  - { code: ${SLOW_SELLER}, slug: slow, name: Seller of the slow buyer }
buyers:
  - id: slow
    name: Slow buyer
    ping: { url: 'http://127.0.0.1:${port}/ping', timeoutMs: 2000 }
    post: { url: 'http://127.0.0.1:${port}/post', timeoutMs: 3000 }
campaigns:
  - seller: ${SLOW_SELLER}
    category: ${categoryOf('usual')}
    required: [firstName, lastName, phone, state]
    sale: { mode: exclusive, floor: 10.00 }
    pending: { retryAfter: [2s], expireAfter: 30m }
    contracts:
      - { buyer: slow }
`,
  );
  return server;
}
