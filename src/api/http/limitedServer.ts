import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

/**
 * Limit of pipelined requests per connection. Clients and proxies wait for a response before the next request. Node accepts
 * all requests that arrive in one piece, and keeps a response to each in memory.
 */
const MAX_PIPELINED = 10;

interface Limits {
  /** Further connections are closed at once. */
  maxConnections: number;
  onDrop: () => void;
}

export function createLimitedServer(
  handler: RequestListener,
  { maxConnections, onDrop, ...options }: ServerOptions & Limits,
): Server {
  const pending = new WeakMap<Socket, Set<ServerResponse>>();

  /** The pending responses of a connection. When it breaks, Node emits `close` only on the first. */
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
    if (responses.size >= MAX_PIPELINED || request.socket.destroyed) return void request.socket.destroy();
    responses.add(response);
    response.once('close', () => responses.delete(response));
    handler(request, response);
  });
  server.maxConnections = maxConnections;
  server.on('drop', onDrop);
  return server;
}
