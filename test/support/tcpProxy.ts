import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server on which a test stops the clock at one exact point, or which it cuts. */
export interface TcpProxy {
  port: number;
  /** Waits for a client to say all of these words in one request. */
  hears(...words: string[]): Promise<void>;
  /**
   * The same, and holds that client's connection there, for good; the others go on. `request`: the server never hears
   * it. `answer`: the server does it, and the client never hears so. Resolves when that has happened.
   */
  hold(what: 'request' | 'answer', ...words: string[]): Promise<void>;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  /** Lets new connections through again. */
  mend(): void;
  close(): Promise<void>;
}

interface Ear {
  words: string[];
  hold: 'request' | 'answer' | undefined;
  done: () => void;
}

/** A proxy in front of the server of an address: `mongodb://127.0.0.1:2701/…` or `127.0.0.1:7233`. */
export async function openTcpProxy(address: string): Promise<TcpProxy> {
  const target = new URL(address.includes('://') ? address : `tcp://${address}`);
  const sockets = new Set<Socket>();
  const ears = new Set<Ear>();
  let isCut = false;

  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    tieTogether(client, upstream, sockets);
    pass(client, upstream, ears);
  });
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = (hold: Ear['hold'], words: string[]): Promise<void> =>
    new Promise((done) => ears.add({ words, hold, done }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hears: (...words) => listen(undefined, words),
    hold: (what, ...words) => listen(what, words),
    cut: () => {
      isCut = true;
      cutAll();
    },
    mend: () => void (isCut = false),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}

/** Passes on what both say, until what the client says is what somebody wants to hold. */
function pass(client: Socket, upstream: Socket, ears: Set<Ear>): void {
  let said = '';
  let held: Ear | undefined;
  client.on('data', (chunk) => {
    said += chunk.toString('latin1');
    for (const ear of ears) {
      if (!ear.words.every((word) => said.includes(word))) continue;
      ears.delete(ear);
      if (ear.hold !== undefined) held ??= ear;
      if (ear.hold !== 'answer') ear.done();
    }
    if (held?.hold !== 'request') upstream.write(chunk);
  });
  upstream.on('data', (chunk) => {
    said = '';
    if (held === undefined) client.write(chunk);
    else held.done();
  });
}

/** The end of one is the end of the other, also by an error. */
function tieTogether(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  }
}

/** The address of a MongoDB behind a proxy; without `directConnection` the driver would ask it where it really is. */
export function throughProxy(mongodbUrl: string, { port }: Pick<TcpProxy, 'port'>): string {
  const url = new URL(mongodbUrl);
  url.port = String(port);
  url.searchParams.set('directConnection', 'true');
  return url.toString();
}
