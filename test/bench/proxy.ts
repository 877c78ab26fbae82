import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy to a server. */
export interface Proxy {
  port: number;
  /** Closes all open connections; new ones are accepted. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * Listens in front of the server of an address (`mongodb://127.0.0.1:2701/…`, `127.0.0.1:7233`).
 * @param address a function if it may change; called for each new connection
 * @param pass connects both ends of each new connection
 */
export async function openProxy(
  address: string | (() => string),
  pass: (client: Socket, server: Socket) => void,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  // With Nagle's algorithm, a message that a client writes in two parts would take 40 ms more.
  const proxy = createServer({ noDelay: true }, (client) => {
    const { port, hostname } = urlOf(typeof address === 'string' ? address : address());
    const server = connect({ port: Number(port), host: hostname, noDelay: true });
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

/** Closes each end with the other, also after an error. */
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

/** The address of a server behind a proxy, with `directConnection` so that MongoDB's driver does not bypass it. */
export function throughProxy(address: string, { port }: Pick<Proxy, 'port'>): string {
  const url = new URL(address);
  url.port = String(port);
  if (url.protocol === 'mongodb:') url.searchParams.set('directConnection', 'true');
  return url.toString();
}
