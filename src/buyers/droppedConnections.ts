import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { DiagnosticsChannel } from 'undici';

/** The connection of a request when it was sent. */
interface SentRequest {
  socket: Socket;
  /** Whether the connection carried a request before. */
  isReused: boolean;
  /** Bytes that the connection had received before this request; within TLS, without TLS's own bytes. */
  bytesBefore: number;
}

/** By undici's object for the request, which all of its diagnostics channels share. */
const sent = new WeakMap<object, SentRequest>();
const used = new WeakSet<Socket>();
const dropped = new WeakSet<Error>();

/** Errors of a connection that the other side closed or lost, not of the content of an answer. */
const LOST = ['UND_ERR_SOCKET', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT'];

// This is the only public way to learn which connection a request used and what it received (undici, "Diagnostics
// Channel Support").
subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as DiagnosticsChannel.ClientSendHeadersMessage & { socket: Socket };
  sent.set(request, { socket, isReused: used.has(socket), bytesBefore: socket.bytesRead });
  used.add(socket);
});
subscribe('undici:request:error', (message) => {
  const { request, error } = message as DiagnosticsChannel.RequestErrorMessage;
  const found = sent.get(request);
  if (found?.isReused && found.socket.bytesRead === found.bytesBefore) dropped.add(error);
});

/**
 * Whether a request failed because its kept-alive connection was dropped: the connection had carried other requests,
 * and no byte of an answer was received.
 */
export const isDroppedConnection = (error: unknown): boolean =>
  error instanceof Error && dropped.has(error) && 'code' in error && LOST.includes(String(error.code));
