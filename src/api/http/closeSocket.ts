import type { Socket } from 'node:net';

/** How long the client has to close its side of the connection, ms. */
const LINGER_MS = 2000;

/** Sends final data, if any, and closes the connection; destroys it if the client does not close its side. */
export function closeSocket(socket: Socket, finalData = ''): void {
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
  socket.end(finalData);
}
