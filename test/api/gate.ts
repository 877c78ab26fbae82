import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy to a shared server that a test can cut, hold and restore. */
export interface Gate {
  port: number;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  /** Keeps connections open and forwards nothing. */
  hold(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openGate(target: { host: string; port: number }): Promise<Gate> {
  let state: 'open' | 'cut' | 'held' = 'open';
  const sockets = new Set<Socket>();

  const server = createServer({ noDelay: true }, (inner) => {
    if (state === 'cut') return void inner.destroy();
    const outer = connect({ ...target, noDelay: true });
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (state === 'open') to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = 'cut';
      cutAll();
    },
    hold: () => {
      state = 'held';
    },
    mend: () => {
      // Dropped bytes are lost permanently, so both ends must reconnect.
      cutAll();
      state = 'open';
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}
