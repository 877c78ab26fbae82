import { once } from 'node:events';
import { createServer } from 'node:net';
import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { anyPort } from '../../src/local/servers/ports.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { startBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { sendLead } from '../support/source.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { isolatedSettings, stackAddresses } from '../support/stack.js';
import { gavel, gavelProcess, spawnGavel } from './gavel.js';

const PATIENT = { pingTimeoutMs: 10_000, postTimeoutMs: 10_000 };

let settings: Settings;
let database: Database;

beforeAll(async () => {
  // On a busy machine, the first lead of a process takes seconds.
  settings = await isolatedSettings({ LOG_LEVEL: 'info', ANSWER_WINDOW_MS: 20_000 });
  database = openDatabase(settings);
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

/** Starts a process that runs until it is stopped; resolves with its ready line. */
async function started(
  command: 'serve' | 'api' | 'admin' | 'worker',
  more: Record<string, string> = {},
): Promise<{ ready: unknown; output: () => string; stop: () => Promise<unknown[]> }> {
  const child = spawnGavel([command], { ...asEnvironment(settings), ...more });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended: Promise<unknown[]> = once(child, 'exit');
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const said: unknown[] = await Promise.race([once(child, 'message'), ended]);
  expect(said[0], output).toMatchObject({ event: 'ready' });
  return {
    ready: said[0],
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      const exit = await ended;
      expect(output).toContain('"event":"ready"');
      expect(output).toContain('"event":"stopped"');
      return exit;
    },
  };
}

test('gavel api and gavel worker sell a lead, gavel leads show prints it, and both stop on a signal', async () => {
  const buyer = await startBuyer();
  onTestFinished(() => buyer.close());
  buyer.answer('ping', { body: { bid: 45 } });
  buyer.answer('post', { body: { accepted: true, buyer_lead_id: 'NW-1' } });
  await storeMarket(database, { northwind: { server: buyer, ...PATIENT } });
  const { key } = await createKey(database, { seller: 'ACME1234', source: 'landing-page', test: false });
  const metricsPort = await anyPort();
  const [api, worker] = await Promise.all([
    started('api'),
    started('worker', { METRICS_PORT: String(metricsPort) }),
  ]);

  const { address } = Value.Parse(Type.Object({ address: Type.String() }), api.ready);
  const response = await fetch(`${address}/api/leads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      seller: 'ACME1234',
      category: 'Auto Insurance',
      firstName: 'Johanna',
      lastName: 'Doeringer',
      phone: '555-123-4567',
      state: 'TX',
    }),
  });
  const answer = Value.Parse(Type.Object({ lead_id: Type.String() }), await response.json());
  expect(answer).toMatchObject({ status: 'sold', price: 45, buyer_ids: ['northwind'] });

  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toContain('gavel_sales_total{campaign="ACME1234/auto-insurance",buyer="northwind"} 1');
  expect(metrics).toContain('gavel_ping_seconds_count{buyer="northwind",outcome="bid"} 1');
  expect(metrics).toContain('gavel_ready{part="worker"} 1');
  expect(metrics).toContain('gavel_backup_age_seconds +Inf');
  expect(metrics).not.toMatch(/Johanna|Doeringer|555-?123|lead_id/);

  const { TEMPORAL_UI_URL } = stackAddresses();
  const env = asEnvironment({ ...settings, TEMPORAL_UI_URL });
  const shown = await gavel(['leads', 'show', answer.lead_id], { ...env, MASTER_KEYS: '' });
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain(`Lead ${answer.lead_id}: sold at $45.00 to northwind`);
  expect(shown.stdout).toMatch(/^Received .* UTC by landing-page; /m);
  expect(shown.stdout).toMatch(/northwind +\$45\.00 +sold +\d+ ms/);
  expect(shown.stdout).toMatch(/buyer:northwind +-\$45\.00/);
  expect(shown.stdout).toMatch(/seller:ACME1234 +\$45\.00/);
  expect(shown.stdout).toContain('NW-1');
  expect(shown.stdout).toContain(`${TEMPORAL_UI_URL}/namespaces/default/workflows/lead-${answer.lead_id}`);
  expect(shown.stdout).not.toMatch(/Johanna|Doeringer|555-?123/);
  const personal = await gavel(['leads', 'show', answer.lead_id, '--personal', '--json'], env);
  expect(JSON.parse(personal.stdout)).toMatchObject({
    status: 'sold',
    price: 45,
    fields: { firstName: 'Johanna', phone: '555-123-4567' },
    rounds: [{ round: 1, floor: 10, contracts: [{ buyer: 'northwind', bid: 45, outcome: 'sold' }] }],
    ledger: [{ amount: -45 }, { amount: 45 }],
  });

  for (const { output } of [api, worker]) expect(output()).toContain('"event":"retention_not_set"');
  expect(await Promise.all([api.stop(), worker.stop()])).toEqual([
    [0, null],
    [0, null],
  ]);
});

test('gavel serve sells a lead, serves the metrics of API and worker, and stops on a signal', async () => {
  const buyer = await startBuyer();
  onTestFinished(() => buyer.close());
  await storeMarket(database, { contoso: { server: buyer, ...PATIENT } }, { category: 'Solar' });
  const { key } = await createKey(database, { seller: 'ACME1234', test: false });
  const METRICS_PORT = String(await anyPort());
  const serve = await started('serve', { METRICS_PORT });
  const { address } = Value.Parse(Type.Object({ address: Type.String() }), serve.ready);
  const { body } = await sendLead({ address, key }, 'Solar');
  expect(body).toMatchObject({ status: 'sold', price: 20, buyer_ids: ['contoso'] });
  const metrics = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  for (const part of ['mongodb', 'redis', 'temporal', 'worker'])
    expect(metrics).toContain(`gavel_ready{part="${part}"} 1`);
  for (const counter of ['connections_dropped_total', 'leads_unsold_total{status="expired"}'])
    expect(metrics, 'nothing has happened yet').toContain(`gavel_${counter} 0`);
  expect(metrics).toContain('gavel_leads_answered_total{campaign="ACME1234/solar",status="sold"} 1');
  expect(metrics).toContain('gavel_sales_total{campaign="ACME1234/solar",buyer="contoso"} 1');
  expect(await serve.stop()).toEqual([0, null]);
});

test('gavel serve takes leads while Temporal is down, and stops on a signal', async () => {
  const serve = spawnGavel(['serve'], {
    ...asEnvironment({
      ...settings,
      PORT: await anyPort(),
      TEMPORAL_ADDRESS: `127.0.0.1:${await anyPort()}`,
    }),
  });
  onTestFinished(() => void serve.kill('SIGKILL'));
  const ended: Promise<unknown[]> = once(serve, 'exit');
  let output = '';
  serve.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"event":"listening"');
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"event":"waiting_for_temporal"');
  const { address } = JSON.parse(output.split('\n').find((line) => line.includes('"listening"')) ?? '') as {
    address: string;
  };
  const { key } = await createKey(database, { seller: 'ACME1234', test: false });
  const { body } = await sendLead({ address, key }, 'Solar', undefined, { prefer: 'respond-async' });
  expect(body).toMatchObject({ success: true, status: 'pending' });
  const stopped = performance.now();
  serve.kill('SIGTERM');
  expect(await ended, output).toEqual([0, null]);
  // It gives up the lead's start, which another process makes up for, and does not wait for the client's next try.
  expect(performance.now() - stopped).toBeLessThan(6000);
});

test('gavel worker stops on a signal while it waits for Temporal', async () => {
  const TEMPORAL_ADDRESS = `127.0.0.1:${await anyPort()}`;
  const worker = spawnGavel(['worker'], asEnvironment({ ...settings, TEMPORAL_ADDRESS }));
  onTestFinished(() => void worker.kill('SIGKILL'));
  const ended: Promise<unknown[]> = once(worker, 'exit');
  let output = '';
  worker.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"event":"waiting_for_temporal"');
  worker.kill('SIGTERM');
  expect(await ended, output).toEqual([0, null]);
  expect(output).toContain('"event":"stopping"');
  expect(output).not.toContain('"event":"broken"');
});

test('gavel admin answers, serves its metrics, and stops on a signal', async () => {
  const METRICS_PORT = String(await anyPort());
  const admin = await started('admin', { ADMIN_PORT: '0', METRICS_PORT });
  const { address } = Value.Parse(Type.Object({ address: Type.String() }), admin.ready);
  expect((await fetch(`${address}/admin/market`)).status).toBe(401);
  const metrics = async () => (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  expect(await metrics()).toContain(
    'gavel_request_seconds_count{method="GET",route="/admin/market",status="401"} 1',
  );
  // It is ready without Redis, to which it connects meanwhile.
  for (const part of ['mongodb', 'redis', 'temporal'])
    await expect.poll(metrics, { timeout: 10_000 }).toContain(`gavel_ready{part="${part}"} 1`);
  expect(await admin.stop()).toEqual([0, null]);
});

test('A taken port gives one clear message', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const taken = other.address();
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0;
  const ran = await gavelProcess(['api'], asEnvironment({ ...settings, PORT: port }));
  expect(ran).toMatchObject({
    code: 1,
    stderr: `Port ${port} of 127.0.0.1 is used by another program. Stop that program, or set PORT (0: any free one).\n`,
  });
  expect(ran.stdout).not.toContain('not_accepted');
});

// Both APIs run by the same function. Concurrent: each of them mostly waits.
test.concurrent.each(['serve', 'admin', 'worker'])(
  'gavel %s ends with a message and no stack when the database is away',
  async (command) => {
    const MONGODB_URL = `mongodb://gavel:hunter2@127.0.0.1:${await anyPort()}/`;
    const ran = await gavelProcess([command], asEnvironment({ ...settings, MONGODB_URL, ADMIN_PORT: 0 }));
    expect(ran).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^MongoDB at mongodb:\/\/…@127.0.0.1:\d+\/ does not answer \(.*\)\. Start it \(`npm start` does\), or set MONGODB_URL\.\n$/,
      ) as string,
    });
  },
);

test.concurrent.each(['api', 'worker'])(
  'gavel %s ends, though it has connected, when its master keys are not those of the database',
  async (command) => {
    const MASTER_KEYS = `test:${Buffer.alloc(32, 'other').toString('base64')}`;
    await database.vault.hash();
    const ran = await gavelProcess([command], asEnvironment({ ...settings, MASTER_KEYS, ADMIN_PORT: 0 }));
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('MASTER_KEYS') as string });
    expect(ran.stderr).not.toContain('    at ');
  },
);

test('The API starts without Redis and logs the reason', async () => {
  const REDIS_URL = `redis://127.0.0.1:${await anyPort()}`;
  let output = '';
  const log = createLog({ LOG_LEVEL: 'info' }, 'api', { write: (line) => void (output += line) });
  const api = await startApi({ ...settings, REDIS_URL }, log);
  try {
    const ready = async (): Promise<unknown> => (await fetch(`${api.address}/ready`)).json();
    // Its other servers count as away if they take more than a second, as at first on a busy machine.
    await expect.poll(ready, { timeout: 20_000 }).toMatchObject({ ready: true });
  } finally {
    await api.close();
  }
  expect(output).toMatch(/"event":"redis_away","why":"connect ECONNREFUSED [^"]+"/);
});
