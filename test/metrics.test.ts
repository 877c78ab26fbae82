import { describe, expect, onTestFinished, test } from 'vitest';
import { SettingsError } from '../src/config.js';
import { anyPort } from '../src/local/ports.js';
import { measured, serveMetrics } from '../src/metrics.js';
import { inCode, readPage, rowsOf } from './docs/page.js';

const METRICS_HOST = '127.0.0.1';

describe('What is measured', () => {
  test('is served under the names that docs/operator.md has, and nothing else is', async () => {
    const METRICS_PORT = await anyPort();
    const metrics = await serveMetrics({ METRICS_HOST, METRICS_PORT });
    onTestFinished(() => metrics.close());
    for (const measure of Object.values(measured)) measure(1, { buyer: 'northwind' });
    const text = await (await fetch(`http://${METRICS_HOST}:${METRICS_PORT}/metrics`)).text();
    const served = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => inCode(name));
    expect(served).toEqual(rowsOf(readPage('docs/operator.md'), 'metric').flat());
    expect((await fetch(`http://${METRICS_HOST}:${METRICS_PORT}/`)).status).toBe(404);
  });

  test('is served on the machine’s address in a network', async () => {
    const METRICS_PORT = await anyPort();
    const metrics = await serveMetrics({ METRICS_HOST: '127.0.0.0/8', METRICS_PORT });
    onTestFinished(() => metrics.close());
    expect((await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).status).toBe(200);
  });

  test.each(['198.51.100.0/24', '2001:db8::/32', '127.0.0.0/99'])(
    'is not served when the machine has no address in the network %s',
    async (network) => {
      const refused = serveMetrics({ METRICS_HOST: network, METRICS_PORT: await anyPort() });
      await expect(refused).rejects.toThrow(`This machine has no address in METRICS_HOST ${network}.`);
    },
  );

  test('is told as a setting to change where its port is taken', async () => {
    const METRICS_PORT = await anyPort();
    const metrics = await serveMetrics({ METRICS_HOST, METRICS_PORT });
    onTestFinished(() => metrics.close());
    const second = serveMetrics({ METRICS_HOST, METRICS_PORT });
    await expect(second).rejects.toThrow(SettingsError);
    await expect(second).rejects.toThrow(/Set METRICS_PORT to a free port/);
  });
});
