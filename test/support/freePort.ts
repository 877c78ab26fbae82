import { createServer, type AddressInfo } from 'node:net';

/** A free port on 127.0.0.1, for a program that takes its port as a setting. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
