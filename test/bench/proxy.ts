import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that stands between. */
export interface Proxy {
  port: number;
  /** Ends every connection that is open now; new ones are let through. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Listens in front of the server of an address (`mongodb://127.0.0.1:2701/…`, `127.0.0.1:7233`).
 * @param address as a function where it may change: it is asked for each new connection
 * @param pass given both ends of each new connection, to carry what they say from one to the other
 */
export async function openProxy(
  address: string | (() => string),
  pass: (client: Socket, server: Socket) => void,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const { port, hostname } = urlOf(typeof address === 'string' ? address : address());
    const server = connect(Number(port), hostname);
    tieTogether(client, server, sockets);
    pass(client, server);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        cut();
      }),
  };
}

const urlOf = (address: string): URL => new URL(address.includes('://') ? address : `tcp://${address}`);

/** The end of one is the end of the other, also by an error. */
function tieTogether(client: Socket, server: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  }
}

/** The address of a server behind a proxy; a MongoDB would else tell the driver where it really is (`directConnection`). */
export function throughProxy(address: string, { port }: Pick<Proxy, 'port'>): string {
  const url = new URL(address);
  url.port = String(port);
  if (url.protocol === 'mongodb:') url.searchParams.set('directConnection', 'true');
  return url.toString();
}
