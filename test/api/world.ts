import { pino } from 'pino';
import { startApi, type RunningApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { SAMPLE } from '../../src/local/demo/sample.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { openConnection } from '../../src/temporal/connection.js';
import { registerSearchAttributes } from '../../src/worker/registerSearchAttributes.js';
import { sellerDocument, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

export { SAMPLE };

/** A complete answer. */
export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** An API on servers of its own with two sellers: ACME1234 (Auto Insurance, Solar) and GLOBEX00. */
export interface ApiWorld {
  api: RunningApi;
  settings: Settings;
  database: Database;
  /** A live key of ACME1234. */
  key: string;
  keyFor(key?: {
    seller?: string;
    source?: string;
    test?: boolean;
    limit?: number;
    expiresAt?: Date;
  }): Promise<string>;
  /** All log lines of the API. */
  logged: string[];
  close(): Promise<void>;
}

export async function openApiWorld(overrides: Partial<Settings> = {}): Promise<ApiWorld> {
  const settings = await isolatedSettings({ RATE_LIMIT_PER_MINUTE: 10_000, ...overrides });
  const database = openDatabase(settings);
  await storeMarket(database, {});
  await storeMarket(database, {}, { category: 'Solar', required: ['firstName', 'phone', 'state'] });
  await storeMarket(database, {}, { category: 'Roofing', active: false });
  await storeMarket(database, {}, { category: 'Gutters', pausedUntil: Date.UTC(2999, 0, 1, 9) });
  await storeMarket(database, {}, { category: 'Windows', pausedUntil: Date.UTC(2020, 0, 1) });
  await database.sellers.insertOne(sellerDocument('GLOBEX00', 'globex', 'Globex'));

  await knowSearchAttributes(settings);

  const keyFor: ApiWorld['keyFor'] = async (key) =>
    (await createKey(database, { seller: 'ACME1234', test: false, ...key })).key;
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const api = await startApi(settings, log);
  const close = async (): Promise<void> => {
    await api.close();
    await database.client.close();
  };
  return { api, settings, database, key: await keyFor(), keyFor, logged, close };
}

/** Registers what a starting worker registers. Without it, Temporal accepts no lead. */
async function knowSearchAttributes(settings: Settings): Promise<void> {
  const connection = openConnection(settings);
  await registerSearchAttributes(connection, settings.TEMPORAL_NAMESPACE);
  await connection.close();
}

export async function request(
  { api, key }: Pick<ApiWorld, 'api' | 'key'>,
  path: string,
  init: RequestInit = {},
): Promise<Reply> {
  const headers = new Headers({ authorization: `Bearer ${key}` });
  new Headers(init.headers).forEach((value, name) => headers.set(name, value));
  const response = await fetch(api.address + path, { ...init, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

/** Sends a lead as JSON; by default without waiting for buyers. */
export async function sendLead(
  world: Pick<ApiWorld, 'api' | 'key'>,
  lead: object = SAMPLE,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return request(world, '/api/leads', {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async', ...headers },
    body: JSON.stringify(lead),
  });
}
