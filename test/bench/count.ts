import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOnce } from '../../src/local/processes/startPlan.js';
import { Processes } from '../../src/local/processes/processes.js';
import { FRESH_MS } from '../../src/store/cache.js';
import { load } from './load.js';
import type { ShapeName } from './market.js';
import { openProxy, throughProxy, type Proxy } from './proxy.js';
import { mongodbRequests, redisRequests, type RequestReader } from './requests.js';
import { sendLead } from './source.js';
import { startGavel } from './startGavel.js';
import type { World } from './world.js';

/** Round trips to one server for a lead, counted on the wire. */
export interface RoundTrips {
  /** The minimum for one lead: with a cached market and without other activity. */
  own: number;
  /** All round trips while the leads were sold, including shared ones, per lead. */
  per_lead: number;
  /** The maximum for a lead with an expired market cache. */
  after_pause: number;
  /** `per_lead` by command. */
  commands: Record<string, number>;
}

type Trips = Record<'mongodb' | 'redis', RoundTrips>;

/** The round trips by shape of the lead. */
export type Counted = Record<'usual' | 'limits', Trips>;

const WARM_UP = 5;
const PAUSES = 3;

/** Sells leads one after another with a separate Gavel, which reaches its servers through counting proxies. */
export async function countRoundTrips(world: World, shape: ShapeName, leads: number): Promise<Trips> {
  const { MONGODB_URL, REDIS_URL } = world.settings;
  const mongodb = await openCounter(MONGODB_URL, mongodbRequests);
  const redis = await openCounter(REDIS_URL, redisRequests);
  const processes = new Processes(join(world.dir, 'logs', 'counted'));
  const env = {
    ...world.env,
    MONGODB_URL: throughProxy(MONGODB_URL, mongodb),
    REDIS_URL: throughProxy(REDIS_URL, redis),
  };
  try {
    const api = await startGavel(world.dir, startOnce(processes), env);
    const { agent, key, seller } = world;
    const sell = (some: number) => load(some, 1, () => sendLead(agent, { api, key, seller }, { shape }));
    return await count({ mongodb, redis }, leads, sell);
  } finally {
    await processes.stop();
    await Promise.all([mongodb.close(), redis.close()]);
  }
}

/** @param sell sells a number of leads one after another */
async function count(
  { mongodb, redis }: Record<keyof Counts, Counter>,
  leads: number,
  sell: (some: number) => Promise<unknown>,
): Promise<Trips> {
  const counted = async (some: number): Promise<Counts> => {
    const before = { mongodb: mongodb.requests(), redis: redis.requests() };
    await sell(some);
    return { mongodb: mongodb.requests(before.mongodb), redis: redis.requests(before.redis) };
  };
  await sell(WARM_UP);
  const each: Counts[] = [];
  for (let i = 0; i < leads; i++) each.push(await counted(1));
  const afterPauses: Counts[] = [];
  for (let i = 0; i < PAUSES; i++) {
    await sleep(FRESH_MS + 100);
    afterPauses.push(await counted(1));
  }
  const trips = (server: keyof Counts): RoundTrips =>
    roundTrips(
      each.map((one) => one[server]),
      afterPauses.map((one) => one[server]),
    );
  return { mongodb: trips('mongodb'), redis: trips('redis') };
}

/** Number of requests by name. */
type Requests = ReadonlyMap<string, number>;
type Counts = Record<'mongodb' | 'redis', Requests>;

interface Counter extends Proxy {
  /** The requests so far, or since an earlier result. */
  requests(since?: Requests): Requests;
}

async function openCounter(address: string, reader: () => RequestReader): Promise<Counter> {
  const counts = new Map<string, number>();
  const proxy = await openProxy(address, (client, server) => {
    const read = reader();
    client.on('data', (chunk: Buffer) => {
      for (const name of read(chunk)) counts.set(name, (counts.get(name) ?? 0) + 1);
    });
    client.pipe(server);
    server.pipe(client);
  });
  return {
    ...proxy,
    requests: (since: Requests = new Map()) =>
      new Map([...counts].map(([name, count]) => [name, count - (since.get(name) ?? 0)])),
  };
}

function roundTrips(each: Requests[], afterPauses: Requests[]): RoundTrips {
  const names = [...new Set(each.flatMap((requests) => [...requests.keys()]))];
  const mean = (of: (requests: Requests) => number): number =>
    each.reduce((total, requests) => total + of(requests), 0) / each.length;
  const commands = names.map((name): [string, number] => [name, mean((requests) => requests.get(name) ?? 0)]);
  return {
    own: Math.min(...each.map(sum)),
    per_lead: mean(sum),
    after_pause: Math.max(...afterPauses.map(sum)),
    commands: Object.fromEntries(commands.filter(([, times]) => times > 0)),
  };
}

const sum = (requests: Requests): number => [...requests.values()].reduce((total, count) => total + count, 0);
