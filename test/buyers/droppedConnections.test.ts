import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openSender, type Reply } from '../../src/buyers/send.js';

const SECRET = `whsec_${Buffer.from('a secret for a test buyer').toString('base64')}`;

/** One request at the server: its number on its connection, from 1, and its bytes. */
interface Arrived {
  onConnection: number;
  text: string;
}

type Act = (socket: Socket, arrived: Arrived) => void;

const answer: Act = (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"bid":40}');
const hangUp: Act = (socket) => void socket.destroy();
const reset: Act = (socket) => void socket.resetAndDestroy();

describe('a kept-alive connection that is closed during reuse', () => {
  let server: Server;
  let sender: ReturnType<typeof openSender>;
  let arrived: Arrived[];

  /** A server that does not announce a close: it answers the first request and does something else for the second. */
  async function start(onReuse: Act, onFirst: Act = answer): Promise<(timeoutMs?: number) => Promise<Reply>> {
    arrived = [];
    server = createServer((socket) => {
      let count = 0;
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        count += 1;
        const one = { onConnection: count, text: bytes.toString() };
        arrived.push(one);
        (count === 1 ? onFirst : onReuse)(socket, one);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    sender = openSender({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true }, { connectionsPerBuyer: 1 });
    return (timeoutMs = 3000) =>
      sender.send({ url, id: 'ping-1', secret: SECRET, payload: { type: 'ping' }, timeoutMs });
  }

  afterEach(async () => {
    await sender.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['closed', hangUp],
    ['reset', reset],
    ['closed after a while', (socket: Socket) => void setTimeout(() => socket.end(), 100)],
  ])('%s: the request is retried once over a new connection', async (_how, onReuse) => {
    const send = await start(onReuse);
    for (let i = 0; i < 5; i += 1)
      expect(await send()).toMatchObject({ kind: 'answer', status: 200, body: { bid: 40 } });
    expect(arrived.some(({ onConnection }) => onConnection > 1)).toBe(true);
  });

  it('the retry equals the first request, including the signature, but without keep-alive', async () => {
    const send = await start(hangUp);
    await send();
    await send();
    const [, first = '', second = ''] = arrived.map(({ text }) => text.replace(/^connection: .*\r\n/im, ''));
    expect(arrived.map(({ onConnection }) => onConnection)).toEqual([1, 2, 1]);
    expect(first).toContain('webhook-id: ping-1');
    expect(second).toBe(first);
  });

  it('the request is not retried twice', async () => {
    let isWell = true;
    const send = await start(hangUp, (socket, one) => (isWell ? answer : hangUp)(socket, one));
    await send();
    isWell = false;
    expect(await send()).toMatchObject({
      kind: 'unreachable',
      detail: 'the connection was closed before the whole answer',
    });
    expect(arrived).toHaveLength(3);
  });

  it('the first request of a connection is not retried', async () => {
    const send = await start(answer, hangUp);
    expect(await send()).toMatchObject({ kind: 'unreachable' });
    expect(arrived).toHaveLength(1);
  });

  it.each(['H', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"bid"'])(
    'not if a byte of an answer came: %j',
    async (start_) => {
      const send = await start((socket) => void socket.end(start_));
      await send();
      expect(await send()).toMatchObject({ kind: 'unreachable' });
      expect(arrived).toHaveLength(2);
    },
  );

  it('the retry keeps the timeout of the first request', async () => {
    let isQuick = true;
    const send = await start(
      (socket) => void setTimeout(() => socket.destroy(), 200),
      (socket, one) => isQuick && answer(socket, one),
    );
    await send();
    isQuick = false;
    const reply = await send(400);
    expect(reply.kind).toBe('timeout');
    expect(reply.ms).toBeLessThan(600);
    expect(arrived).toHaveLength(3);
  });

  it('the request is not retried after the timeout', async () => {
    const send = await start(() => undefined);
    await send();
    expect(await send(200)).toMatchObject({ kind: 'timeout' });
    expect(arrived).toHaveLength(2);
  });
});
