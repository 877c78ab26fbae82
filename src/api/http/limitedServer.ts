import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

/**
 * Requests of one connection that may wait for their answers at the same time. Clients and proxies send the next request
 * when they have read an answer; Node takes all that arrive in one piece, and keeps an answer to each in memory.
 */
const MOST_PIPELINED = 10;

interface Limits {
  /** Further connections are closed as they come. */
  maxConnections: number;
  /** Notified of each connection that was closed so. */
  onDrop: () => void;
}

/** An HTTP server that closes the connections of clients that ask for more at once than it keeps in memory. */
export function createLimitedServer(
  handler: RequestListener,
  { maxConnections, onDrop, ...options }: ServerOptions & Limits,
): Server {
  const pending = new WeakMap<Socket, Set<ServerResponse>>();

  /** The answers that a connection waits for. When it breaks, Node notifies only the first of them. */
  function pendingOf(socket: Socket): Set<ServerResponse> {
    const known = pending.get(socket);
    if (known !== undefined) return known;
    const responses = new Set<ServerResponse>();
    pending.set(socket, responses);
    socket.once('close', () => {
      for (const response of responses) response.emit('close');
    });
    return responses;
  }

  const server = createServer(options, (request, response) => {
    const responses = pendingOf(request.socket);
    if (responses.size >= MOST_PIPELINED || request.socket.destroyed) return void request.socket.destroy();
    responses.add(response);
    response.once('close', () => responses.delete(response));
    handler(request, response);
  });
  server.maxConnections = maxConnections;
  server.on('drop', onDrop);
  return server;
}
