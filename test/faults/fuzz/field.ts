import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../../src/config.js';
import { applyMarketText } from '../../../src/local/applyMarketText.js';
import { packageRoot } from '../../../src/packageRoot.js';
import type { Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { createKey } from '../../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES } from '../../../src/store/scopes.js';
import type { GavelProcesses } from '../../support/gavelProcesses.js';
import { LEAD } from './bodies.js';
import { readRoutes } from './routes.js';
import type { Field } from './runFuzz.js';

/** Settings of the APIs without rate limits and without waiting for buyers. */
export const FUZZ_SETTINGS: Partial<Settings> = {
  RATE_LIMIT_PER_MINUTE: 10_000_000,
  ANSWER_WINDOW_MS: 200,
  TRUST_PROXY: true,
  LOG_LEVEL: 'info',
};

/** Starts both APIs on the demo market. No worker runs, so nothing is sent to buyers. */
export async function openField(
  settings: Settings,
  database: Database,
  gavel: GavelProcesses,
): Promise<Field> {
  await ensureIndexes(database);
  const market = readFileSync(join(packageRoot, 'src', 'local', 'demo', 'market.yaml'), 'utf8');
  await applyMarketText(database, 'the demo market', market);
  const keys = {
    seller: (await createKey(database, { seller: 'ACME1234', test: false })).key,
    buyer: (await createKey(database, { buyer: 'northwind', test: false })).key,
    admin: (await createKey(database, { admin: 'fuzz', scopes: [...SCOPE_NAMES], test: false })).key,
  };
  const [api, admin] = await Promise.all([gavel.api(settings), gavel.admin(settings)]);
  const routes = (
    await Promise.all([readRoutes('api', api.address), readRoutes('admin', admin.address)])
  ).flat();
  const leadIds = [];
  for (let i = 0; i < 3; i += 1) leadIds.push(await storedLead(api.address, keys.seller));
  return { known: { routes, market, keys, leadIds }, processes: { api, admin } };
}

async function storedLead(address: string, key: string): Promise<string> {
  const response = await fetch(`${address}/api/leads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify(LEAD),
  });
  const { lead_id: id } = (await response.json()) as { lead_id?: string };
  if (id === undefined) throw new Error(`A good lead was answered with ${response.status}`);
  return id;
}
