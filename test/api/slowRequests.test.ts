import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openApiWorld, sendLead, type ApiWorld } from './world.js';

const HEALTH = 'GET /health HTTP/1.1\r\nHost: gavel\r\n\r\n';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApiWorld();
});
afterAll(() => world.close());

it.concurrent('an incomplete request is dropped after 10 s and does not affect others', async () => {
  const head = `POST /api/leads HTTP/1.1\r\nHost: gavel\r\nAuthorization: Bearer ${world.key}\r\n`;
  const began = performance.now();
  const answers = Promise.all([
    trickle(world.api.address, head, 'X'),
    trickle(world.api.address, `${head}Content-Length: 60000\r\n\r\n`, '{'),
    trickle(world.api.address, `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n{\r\n'),
    trickle(world.api.address, '', ''),
  ]);
  expect((await sendLead(world)).status).toBe(200);
  for (const answer of await answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  const seconds = (performance.now() - began) / 1000;
  expect(seconds).toBeGreaterThan(9);
  expect(seconds).toBeLessThan(20);
});

it.concurrent('a connection that is idle stays open longer than that', async () => {
  const { hostname, port } = new URL(world.api.address);
  const socket = connect(Number(port), hostname);
  let answers = '';
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
  const served = (count: number) => vi.waitFor(() => expect(answers.match(/200 OK/g)).toHaveLength(count));
  socket.write(HEALTH);
  await served(1);
  await sleep(11_000);
  socket.write(HEALTH);
  await served(2);
  expect(answers).toContain('Keep-Alive: timeout=72');
  socket.destroy();
});

/** Sends the start of a request, then a piece five times a second; resolves with the answer when the server closes. */
function trickle(address: string, start: string, piece: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(start));
    const timer = setInterval(() => socket.write(piece), 200);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    // The server may close the connection while data is in transit.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}
