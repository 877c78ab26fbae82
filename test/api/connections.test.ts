import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { slowClients } from '../../src/api/plugins/connections.js';
import { openApiWorld, sendLead, type ApiWorld } from './world.js';

const MAX_CONNECTIONS = 10;

let world: ApiWorld;
let others: ApiWorld;
let slow: ReturnType<typeof openSlowClients>;
beforeAll(async () => {
  world = await openApiWorld({ MAX_CONNECTIONS });
  others = await openApiWorld();
  // They take 11 s, in which the other tests run.
  slow = openSlowClients(others);
});
afterAll(async () => {
  await others.close();
  await world.close();
});

const open = new Set<Socket>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

/** A connection of a client that never closes its side. */
function connection(text = '', address = world.api.address): Promise<Socket> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on('error', () => undefined);
    open.add(socket);
  });
}

const HEALTH = 'GET /health HTTP/1.1\r\nHost: gavel\r\n\r\n';

const HEALTH_AND_CLOSE = HEALTH.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

/** The server's output until it closes its side. */
async function answerTo(text: string, address?: string): Promise<string> {
  const socket = await connection(text, address);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await new Promise((resolve) => {
    socket.once('end', resolve);
    socket.once('close', resolve);
  });
  socket.destroy();
  return answer;
}

const isServed = async (): Promise<boolean> => (await answerTo(HEALTH_AND_CLOSE)).includes('200 OK');

/** The connection limit. */
const fill = (text: string): Promise<Socket[]> =>
  Promise.all(Array.from({ length: MAX_CONNECTIONS }, () => connection(text)));

describe('connections', () => {
  it('above the limit are closed at once, and new ones are accepted as soon as others close', async () => {
    const [first] = await fill(HEALTH);
    await sleep(200);
    expect(await isServed()).toBe(false);
    first?.destroy();
    await expect.poll(isServed, { timeout: 3000 }).toBe(true);
  });

  it('of clients that send no HTTP and do not close their side are closed by the server', async () => {
    await fill('Zebulon\r\n\r\n');
    await expect.poll(isServed, { timeout: 6000 }).toBe(true);
  });

  it('with many pipelined requests are closed before their answers fill the memory', async () => {
    const answers = await answerTo('GET /docs HTTP/1.1\r\nHost: gavel\r\n\r\n'.repeat(500));
    expect(answers.match(/HTTP\/1\.1 200 OK/g) ?? []).toHaveLength(0);
    expect((await answerTo(HEALTH.repeat(3) + HEALTH_AND_CLOSE)).match(/200 OK/g)).toHaveLength(4);
  });
});

it('idle connections are closed after the configured time', async () => {
  const other = await openApiWorld({ KEEP_ALIVE_MS: 1000 });
  const began = performance.now();
  const answer = await answerTo(HEALTH, other.api.address);
  expect(answer).toContain('Keep-Alive: timeout=1');
  const idleMs = performance.now() - began;
  expect(idleMs).toBeGreaterThan(900);
  expect(idleMs).toBeLessThan(8000);
  await other.close();
});

describe('an answer that its client does not read', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = fastify();
    await app.register(slowClients, { answerTimeoutMs: 1000 });
    // More than the buffers of both sides.
    app.get('/', async () => Buffer.alloc(50_000_000));
    app.get('/stream', async (_request, reply) => reply.send(Readable.from(pieces(6))));
    app.get('/flood', async (_request, reply) => reply.send(Readable.from(flood())));
    app.get('/small', async () => Buffer.alloc(100_000));
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  /** One a quarter of a second. */
  async function* pieces(count: number): AsyncGenerator<string> {
    for (let i = 0; i < count; i += 1) {
      await sleep(250);
      yield `${i}\n`;
    }
  }

  function* flood(): Generator<Buffer> {
    for (;;) yield Buffer.alloc(1_000_000);
  }

  const connections = () =>
    new Promise<number>((resolve, reject) =>
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );

  it('is aborted after its timeout, and not before', async () => {
    const { port } = app.server.address() as AddressInfo;
    const socket = await connection('GET / HTTP/1.1\r\nHost: gavel\r\n\r\n', `http://127.0.0.1:${port}`);
    socket.pause();
    await sleep(500);
    expect(await connections()).toBe(1);
    await expect.poll(connections, { timeout: 3000 }).toBe(0);
  });

  it('is aborted if it is streamed and not read', async () => {
    const { port } = app.server.address() as AddressInfo;
    const socket = await connection('GET /flood HTTP/1.1\r\nHost: gavel\r\n\r\n', `http://127.0.0.1:${port}`);
    socket.pause();
    await expect.poll(connections).toBe(1);
    await expect.poll(connections, { timeout: 3000 }).toBe(0);
  });

  it('may take longer than its timeout if it is streamed and read', async () => {
    const { port } = app.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/stream`);
    expect((await response.text()).split('\n')).toHaveLength(7);
  });

  it('is sent completely to a client that reads', async () => {
    const { port } = app.server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/small`);
    expect((await response.arrayBuffer()).byteLength).toBe(100_000);
  });
});

describe('a slow client', () => {
  it('does not affect others', async () => {
    expect((await slow.other).status).toBe(200);
  });

  it('is dropped after 10 s if its request is incomplete', async () => {
    for (const { answer, ms } of await slow.incomplete) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(ms).toBeGreaterThan(9000);
      expect(ms).toBeLessThan(20_000);
    }
  });

  it('keeps its idle connection longer than that', async () => {
    expect(await slow.idle).toContain('Keep-Alive: timeout=72');
  });
});

/** Clients that send requests piece by piece, one that pauses for 11 s between two requests, and another client. */
function openSlowClients(to: ApiWorld) {
  const { address } = to.api;
  const head = `POST /api/leads HTTP/1.1\r\nHost: gavel\r\nAuthorization: Bearer ${to.key}\r\n`;
  const incomplete = Promise.all([
    trickle(address, head, 'X'),
    trickle(address, `${head}Content-Length: 60000\r\n\r\n`, '{'),
    trickle(address, `${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n{\r\n'),
    trickle(address, '', ''),
  ]);
  const idle = askTwice(address, 11_000);
  const other = sendLead(to);
  // A failure is reported by the test that waits for it.
  for (const one of [idle, other]) one.catch(() => undefined);
  return { incomplete, idle, other };
}

/** Sends two requests on a connection, with a pause after the first answer; resolves with both answers. */
async function askTwice(address: string, pauseMs: number): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let answers = '';
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
  const served = (count: number) =>
    vi.waitFor(() => expect(answers.match(/200 OK/g)).toHaveLength(count), { timeout: 5000 });
  socket.write(HEALTH);
  await served(1);
  await sleep(pauseMs);
  socket.write(HEALTH);
  await served(2);
  socket.destroy();
  return answers;
}

/** Sends the start of a request, then a piece five times a second, until the server closes. */
function trickle(address: string, start: string, piece: string): Promise<{ answer: string; ms: number }> {
  const { hostname, port } = new URL(address);
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(start));
    const timer = setInterval(() => socket.write(piece), 200);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    // The server may close the connection while data is in transit.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ answer, ms: performance.now() - began });
    });
  });
}
