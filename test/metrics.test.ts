import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SettingsError } from '../src/config.js';
import { anyPort } from '../src/local/servers/ports.js';
import { gaugeSources, metrics, serveMetrics } from '../src/metrics.js';
import { inCode, readPage, rowsOf } from './docs/page.js';

const METRICS_HOST = '127.0.0.1';

describe('Metrics', () => {
  test('are served under exactly the names in docs/monitoring.md', async () => {
    const METRICS_PORT = await anyPort();
    const server = await serveMetrics({ METRICS_HOST, METRICS_PORT });
    onTestFinished(() => server.close());
    for (const measure of Object.values(metrics)) measure(1, { buyer: 'northwind' });
    gaugeSources.ready = async () => ({ mongodb: true });
    gaugeSources.lastBackup = async () => new Date();
    gaugeSources.heldPosts = async () => ({ count: 2, oldest: new Date(Date.now() - 60_000) });
    onTestFinished(() => {
      delete gaugeSources.ready;
      delete gaugeSources.heldPosts;
      delete gaugeSources.lastBackup;
    });
    const text = await (await fetch(`http://${METRICS_HOST}:${METRICS_PORT}/metrics`)).text();
    expect(text).toMatch(/^gavel_held_posts 2$/m);
    expect(text).toMatch(/^gavel_held_posts_oldest_seconds 6\d/m);
    expect(text).toMatch(/^gavel_disk_free_ratio 0\.\d+$/m);
    const served = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => inCode(name));
    expect(served).toEqual(rowsOf(readPage('docs/monitoring.md'), 'metric').flat());
    expect((await fetch(`http://${METRICS_HOST}:${METRICS_PORT}/`)).status).toBe(404);
  });

  test('show available servers and the age of the last backup, even without the database', async () => {
    const METRICS_PORT = await anyPort();
    const server = await serveMetrics({ METRICS_HOST, METRICS_PORT });
    onTestFinished(async () => {
      delete gaugeSources.ready;
      delete gaugeSources.lastBackup;
      await server.close();
    });
    const lines = async (): Promise<string[]> => {
      const text = await (await fetch(`http://${METRICS_HOST}:${METRICS_PORT}/metrics`)).text();
      return text.split('\n').filter((line) => /^gavel_(ready|backup_age)/.test(line));
    };
    const age = async (): Promise<number> => Number((await lines()).at(-1)?.split(' ')[1]);
    gaugeSources.ready = async () => ({ mongodb: true, temporal: false });
    gaugeSources.lastBackup = async () => undefined;
    expect(await lines()).toEqual([
      'gavel_ready{part="mongodb"} 1',
      'gavel_ready{part="temporal"} 0',
      'gavel_backup_age_seconds +Inf',
    ]);
    gaugeSources.lastBackup = async () => new Date(Date.now() - 3_600_000);
    const before = await age();
    expect(before).toBeCloseTo(3600, 0);
    gaugeSources.lastBackup = () => Promise.reject(new Error('away'));
    await setTimeout(20);
    expect(await age()).toBeGreaterThan(before);
    gaugeSources.lastBackup = () => new Promise(() => undefined);
    expect(await age()).toBeGreaterThan(before + 1);
  });

  test('are served on the machine’s address in a network', async () => {
    const METRICS_PORT = await anyPort();
    const server = await serveMetrics({ METRICS_HOST: '127.0.0.0/8', METRICS_PORT });
    onTestFinished(() => server.close());
    expect((await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).status).toBe(200);
  });

  test.each(['198.51.100.0/24', '2001:db8::/32', '127.0.0.0/99'])(
    'is not served when the machine has no address in the network %s',
    async (network) => {
      const refused = serveMetrics({ METRICS_HOST: network, METRICS_PORT: await anyPort() });
      await expect(refused).rejects.toThrow(`This machine has no address in METRICS_HOST ${network}.`);
    },
  );

  test('name the setting to change if their port is taken', async () => {
    const METRICS_PORT = await anyPort();
    const server = await serveMetrics({ METRICS_HOST, METRICS_PORT });
    onTestFinished(() => server.close());
    const second = serveMetrics({ METRICS_HOST, METRICS_PORT });
    await expect(second).rejects.toThrow(SettingsError);
    await expect(second).rejects.toThrow(/Set METRICS_PORT to a free port/);
  });
});
