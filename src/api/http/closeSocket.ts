import type { Socket } from 'node:net';

/** How long a client may take to close its side once we have closed ours, ms. */
const LINGER_MS = 2000;

/** Sends the last words on a connection and closes it, also if the client does not close its side. */
export function closeSocket(socket: Socket, lastWords = ''): void {
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
  socket.end(lastWords);
}
