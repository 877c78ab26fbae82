import { createServer, type AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that nothing listens on, for a program that is given its port. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
