import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { DiagnosticsChannel } from 'undici';

/** One request as it was begun on its connection. */
interface Begun {
  socket: Socket;
  /** Whether the connection carried a request before. */
  isReused: boolean;
  /** What the connection had received before this request; within TLS, without what TLS itself sends. */
  bytesBefore: number;
}

/** By undici's own object for a request, which its diagnostics channels share. */
const begun = new WeakMap<object, Begun>();
const used = new WeakSet<Socket>();
const dropped = new WeakSet<Error>();

/** Errors of a connection that the other side closed or lost, not of what it sent. */
const LOST = ['UND_ERR_SOCKET', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT'];

// The only public way to learn which connection a request went on, and what came back on it (undici, "Diagnostics
// Channel Support").
subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as DiagnosticsChannel.ClientSendHeadersMessage & { socket: Socket };
  begun.set(request, { socket, isReused: used.has(socket), bytesBefore: socket.bytesRead });
  used.add(socket);
});
subscribe('undici:request:error', (message) => {
  const { request, error } = message as DiagnosticsChannel.RequestErrorMessage;
  const found = begun.get(request);
  if (found?.isReused && found.socket.bytesRead === found.bytesBefore) dropped.add(error);
});

/**
 * Whether a request failed because its kept-alive connection was dropped: it went on a connection that had carried
 * others, and no byte of an answer came back.
 */
export const isDroppedConnection = (error: unknown): boolean =>
  error instanceof Error && dropped.has(error) && 'code' in error && LOST.includes(String(error.code));
