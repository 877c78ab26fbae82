import { createSecureServer } from 'node:http2';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporalState } from '../../src/api/routes/healthRoutes.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { connectionOptions, openConnection, explainConnectionError } from '../../src/temporal/connection.js';
import { openLeadStarter } from '../../src/temporal/leadStarter.js';
import { openLeadWorkflowClient } from '../../src/temporal/leadWorkflowClient.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from '../api/world.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { makeCertificates, type Certificates } from '../support/certificates.js';
import { storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { openTlsProxy } from '../support/tlsProxy.js';
import { workerOf } from '../support/worker.js';

/** The host name in Temporal's certificate; the proxy listens on 127.0.0.1. */
const NAME = 'temporal.example';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates(NAME);
});
afterAll(() => certificates.remove());

const tlsSettings = (port: number, { cert, key } = certificates.client) =>
  ({
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    TEMPORAL_TLS_SERVER_NAME: NAME,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
    TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
  }) satisfies Partial<Settings>;

describe('a Temporal with TLS that requires a client certificate', () => {
  let world: ApiWorld;
  let worker: RunningWorker;
  let proxy: Awaited<ReturnType<typeof openTlsProxy>>;
  let northwind: FakeBuyer;

  beforeAll(async () => {
    const { TEMPORAL_ADDRESS } = await isolatedSettings();
    proxy = await openTlsProxy(TEMPORAL_ADDRESS, certificates);
    world = await openApiWorld(tlsSettings(proxy.port));
    northwind = await startBuyer();
    const contract = { server: northwind, pinged: false, contract: { price: 4500 } };
    await storeMarket(world.database, { northwind: contract }, { category: 'Renters' });
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([northwind.close(), world.close()]);
    await proxy.close();
  });

  test('sells a lead in the call, through API and worker', async () => {
    const { body } = await sendLead(world, { ...SAMPLE, category: 'Renters' }, { prefer: '' });
    expect(body).toMatchObject({ status: 'sold', price: 45 });
    expect((await request(world, '/ready')).body).toMatchObject({ parts: { temporal: 'ok' } });
  });

  test('is notified by the withdraw command', async () => {
    const { body } = await sendLead(world, SAMPLE, { prefer: '' });
    expect(body.status).toBe('pending');
    const notifier = openLeadWorkflowClient(world.settings);
    notifier.notifyWithdrawn(String(body.lead_id));
    await notifier.close();
    await expect
      .poll(async () => (await request(world, `/api/leads/${String(body.lead_id)}`)).body.status, {
        timeout: 10_000,
      })
      .toBe('withdrawn');
  });

  const ask = async (settings: Parameters<typeof openConnection>[0]): Promise<unknown> => {
    const connection = openConnection(settings, { maxAttempts: 1 });
    try {
      return await connection.withDeadline(Date.now() + 2000, () =>
        connection.workflowService.getSystemInfo({}),
      );
    } finally {
      await connection.close();
    }
  };

  test('rejects clients without TLS, with a foreign certificate, or for another host name', async () => {
    const settings = tlsSettings(proxy.port);
    await expect(ask(settings)).resolves.toBeDefined();
    const none = { TEMPORAL_TLS_CLIENT_CERT_PATH: undefined, TEMPORAL_TLS_CLIENT_KEY_PATH: undefined };
    const rejected = [
      ask({ TEMPORAL_ADDRESS: settings.TEMPORAL_ADDRESS }),
      ask(tlsSettings(proxy.port, certificates.stranger)),
      ask({ ...settings, TEMPORAL_TLS_SERVER_NAME: 'other.example' }),
      ask({ ...settings, ...none }),
    ];
    await Promise.all(rejected.map((asked) => expect(asked).rejects.toThrow()));
  });
});

test('/ready names a namespace that does not exist, and a worker with a key names a Temporal without TLS', async () => {
  const settings = await isolatedSettings();
  const noTls = 'the server at TEMPORAL_ADDRESS does not speak TLS, which TEMPORAL_API_KEY';
  const withKey = { TEMPORAL_ADDRESS: settings.TEMPORAL_ADDRESS, TEMPORAL_API_KEY: 'a-key' };
  const stateWith = async (changed: Partial<Settings>): Promise<string> => {
    const starter = openLeadStarter({ ...settings, ...changed }, createLog({ LOG_LEVEL: 'silent' }, 'api'));
    const state = await temporalState(starter);
    await starter.close();
    return state;
  };
  expect(await stateWith({})).toBe('ok');
  expect(await stateWith(withKey)).toMatch(/^away/);
  expect(await stateWith({ TEMPORAL_NAMESPACE: 'nowhere' })).toBe(
    'away (there is no such TEMPORAL_NAMESPACE)',
  );
  const refused = await NativeConnection.connect(connectionOptions(withKey)).catch((error: unknown) => error);
  expect(explainConnectionError(refused)).toContain(noTls);
});

test('The client and the worker send the API key', async () => {
  const sent: (string | undefined)[] = [];
  const { cert, key } = certificates.server;
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.on('stream', (stream, headers) => {
    sent.push(headers.authorization);
    stream.on('error', () => undefined);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = {
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    TEMPORAL_API_KEY: 'a-key-of-temporal-cloud',
    TEMPORAL_TLS_SERVER_NAME: NAME,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
  };
  const connection = openConnection(settings);
  await expect(
    connection.withDeadline(Date.now() + 5000, () => connection.workflowService.getSystemInfo({})),
  ).rejects.toThrow();
  await connection.close();
  const byClient = sent.length;
  expect(byClient).toBeGreaterThan(0);
  await expect(NativeConnection.connect(connectionOptions(settings))).rejects.toThrow();
  expect(sent.length).toBeGreaterThan(byClient);
  expect(new Set(sent)).toEqual(new Set(['Bearer a-key-of-temporal-cloud']));
  await new Promise((resolve) => server.close(resolve));
});

test('An API key alone enables TLS, and without these settings TLS is off', () => {
  const address = { TEMPORAL_ADDRESS: 'gavel.a1b2c.tmprl.cloud:7233' };
  expect(connectionOptions(address)).toMatchObject({ tls: false });
  expect(connectionOptions({ ...address, TEMPORAL_API_KEY: 'key' })).toMatchObject({
    tls: {},
    apiKey: 'key',
  });
  expect(connectionOptions({ ...address, TEMPORAL_TLS: true })).toMatchObject({ tls: {} });
});
