import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { readSettings, type Settings } from '../../../src/config.js';
import { applyMarketText } from '../../../src/local/applyMarketText.js';
import { localMasterKeys } from '../../../src/local/localMasterKeys.js';
import { choosePorts } from '../../../src/local/servers/ports.js';
import { throughProxy } from '../../bench/proxy.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { createKey } from '../../../src/store/keys/apiKeys.js';
import { asEnvironment } from '../../support/asEnvironment.js';
import { compiled } from '../../../scripts/compile.mjs';
import { gavelIn } from '../../support/compiled.js';
import { gavelProcesses } from '../../support/gavelProcesses.js';
import { startOwnCluster, startOwnServers, type OwnServers } from '../ownServers.js';
import { gatherCrowd, type Crowd } from './buyers.js';
import type { Draw } from './draw.js';
import { openLink, type Link } from './link.js';
import { BUYER_IDS, marketText, SELLERS, type BuyerId, type SellerCode } from './market.js';
import {
  APIS,
  PROCESSES,
  processPart,
  SERVERS,
  serverPart,
  type ApiName,
  type Deaths,
  type Part,
  type PartName,
  type ProcessName,
  type ProcessPart,
  type ServerName,
} from './parts.js';

/** Everything that a run of the torture is played on. */
export interface Stage {
  /** Holds the servers' data and every log. */
  dir: string;
  parts: Record<PartName, Part>;
  processes: Record<ProcessName, ProcessPart>;
  /** From each process to each server. */
  links: Record<ProcessName, Record<ServerName, Link>>;
  /** From the sources to each API process. */
  doors: Record<ApiName, Link>;
  crowd: Crowd;
  /** The torture's own way to the books; no fault is on it. */
  database: Database;
  temporal: Client;
  keys: { sellers: Record<SellerCode, string>; buyers: Record<BuyerId, string> };
  deaths: Deaths;
  /** @param keep whether data and logs stay */
  close(keep: boolean): Promise<void>;
}

/** The servers' names where the product is set up, and here. */
const SETTING = { database: 'MONGODB_URL', temporal: 'TEMPORAL_ADDRESS', counters: 'REDIS_URL' } as const;
const LOCAL = { database: 'mongodb', temporal: 'temporal', counters: 'redis' } as const;

/**
 * Starts servers, market, buyers, two API processes and two workers. `cluster`: with Temporal on PostgreSQL.
 * @param onBilled told of each sale that a buyer was billed for, the first time
 */
export async function openStage(
  { dir, draw, cluster }: { dir: string; draw: Draw; cluster: boolean },
  onBilled: (buyer: BuyerId, postId: string) => void,
): Promise<Stage> {
  const started: [ServerName, OwnServers][] = [];
  const start = (name: ServerName): Promise<OwnServers> =>
    cluster && name === 'temporal'
      ? startOwnCluster(join(dir, name))
      : startOwnServers([LOCAL[name]], join(dir, name));
  // One after another: the first fetches the programs of all, where they are not there yet.
  for (const name of SERVERS) started.push([name, await start(name)]);
  const servers = fromEntries(started);
  const addressOf = (name: ServerName): string => servers[name].addresses[SETTING[name]] ?? '';
  const toServer = (name: ServerName): Promise<Link> => openLink(() => addressOf(name));
  const links = await all(PROCESSES, () => all(SERVERS, toServer));
  const own = await all(SERVERS, toServer);
  const settingsOf = (ways: Record<ServerName, Link>): Settings => {
    const addresses = SERVERS.map((name) => [SETTING[name], through(addressOf(name), ways[name])] as const);
    return readSettings(
      {
        ...Object.fromEntries(addresses),
        ...asEnvironment({ PORT: 0, RATE_LIMIT_PER_MINUTE: 1_000_000, OUTBOUND_HTTP: true }),
        MONGODB_DATABASE: 'torture',
        OUTBOUND_ALLOW: '127.0.0.1',
        MASTER_KEYS: localMasterKeys(dir),
      },
      {},
    );
  };
  const settings = settingsOf(own);
  const database = openDatabase(settings);
  const connection = Connection.lazy({ address: settings.TEMPORAL_ADDRESS });
  const temporal = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });

  const gavel = gavelProcesses(join(dir, 'logs'), gavelIn(await compiled()));
  const deaths: Deaths = { sudden: [], atStart: 0, isOver: false };
  const processes = fromEntries(
    PROCESSES.map((name) => [name, processPart(name, settingsOf(links[name]), gavel, deaths)]),
  );
  const doors = await all(APIS, (name) => openLink(() => processes[name].address()));
  const crowd = await gatherCrowd(draw, onBilled);
  const keys = await openMarket(dir, database, crowd);
  await Promise.all(PROCESSES.map((name) => processes[name].start()));

  return {
    dir,
    parts: { ...processes, ...fromEntries(SERVERS.map((name) => [name, serverPart(servers[name])])) },
    processes,
    links,
    doors,
    crowd,
    database,
    temporal,
    keys,
    deaths,
    close: async (keep) => {
      deaths.isOver = true;
      await gavel.stop();
      await Promise.all([connection.close(), database.client.close(), crowd.close()]);
      const ways = [...PROCESSES.flatMap((name) => Object.values(links[name])), ...Object.values(own)];
      await Promise.all([...ways, ...Object.values(doors)].map((link) => link.close()));
      await Promise.all(SERVERS.map((name) => endServer(servers[name])));
      if (!keep) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Makes the market that is in market.ts, and a key for everybody who needs one. */
async function openMarket(dir: string, database: Database, crowd: Crowd): Promise<Stage['keys']> {
  await ensureIndexes(database);
  const { nowhere } = await choosePorts(dir, ['nowhere']);
  const at = ({ port }: Link): string => `http://127.0.0.1:${port}/`;
  const text = marketText({
    buyers: fromEntries(crowd.buyers.map(({ id, link }) => [id, at(link)])),
    sellers: { ACME1234: at(crowd.sellers.ACME1234.link), GLOBEX00: at(crowd.sellers.GLOBEX00.link) },
    nowhere: `http://127.0.0.1:${nowhere}/`,
  });
  await applyMarketText(database, 'tortured market', text);
  await crowd.learnSecrets(database);
  const codes = Object.keys(SELLERS) as SellerCode[];
  return {
    sellers: await all(codes, async (seller) => (await createKey(database, { seller, test: false })).key),
    buyers: await all(BUYER_IDS, async (buyer) => (await createKey(database, { buyer, test: false })).key),
  };
}

async function endServer(server: OwnServers): Promise<void> {
  server.resume();
  await server.stop();
}

const through = (address: string, link: Link): string =>
  address.includes('://') ? throughProxy(address, link) : `127.0.0.1:${link.port}`;

const fromEntries = <Name extends string, T>(entries: (readonly [Name, T])[]): Record<Name, T> =>
  Object.fromEntries(entries) as Record<Name, T>;

/** One for each name, made side by side. */
async function all<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  return fromEntries(await Promise.all(names.map(async (name) => [name, await make(name)] as const)));
}
