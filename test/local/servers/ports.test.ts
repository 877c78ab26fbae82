import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { chooseApiAddress } from '../../../src/local/apiAddress.js';
import { anyPort, choosePorts } from '../../../src/local/servers/ports.js';
import { emptyDir } from '../helpers.js';

function occupy(port: number): Promise<number> {
  const server = createServer();
  onTestFinished(() => void server.close());
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

it('chooses the same ports as the last time', async () => {
  const dir = emptyDir();
  expect(await choosePorts(dir, ['redis', 'mongodb'])).toEqual(await choosePorts(dir, ['redis', 'mongodb']));
});

it('chooses another port if the last one is taken', async () => {
  const dir = emptyDir();
  const { redis } = await choosePorts(dir, ['redis']);
  await occupy(redis);
  expect((await choosePorts(dir, ['redis'])).redis).not.toBe(redis);
});

it('chooses no port twice', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `buyer-${i}`);
  const first = await choosePorts(emptyDir(), names);
  expect(new Set(Object.values(first)).size).toBe(300);
  expect(
    (await choosePorts(emptyDir(), ['api', 'admin'], { api: first['buyer-0'], admin: first['buyer-0'] }))
      .admin,
  ).not.toBe(first['buyer-0']);
});

it('takes ports outside the range of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, anyPort));
  expect(ports.filter((port) => port >= 32_768)).toEqual([]);
});

it('rejects a PORT that is taken', async () => {
  const port = await occupy(0);
  await expect(chooseApiAddress(emptyDir(), { PORT: String(port) })).rejects.toThrow(
    `PORT ${port} is taken by another program.`,
  );
});

it('gives the API another port if its default is taken and PORT is not set', async () => {
  const dir = emptyDir();
  const free = await chooseApiAddress(dir, {});
  await occupy(free.port);
  expect((await chooseApiAddress(dir, {})).port).not.toBe(free.port);
});
