import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { MongoAPIError, MongoError } from 'mongodb';
import type { Log } from '../../log.js';
import { ApiError, errorBody } from '../../operations/refusal.js';
import { errorForLog } from '../../errorForLog.js';
import { closeSocket } from '../http/closeSocket.js';
import { unsupportedType } from '../http/unsupportedType.js';

/** What an API says where its own words are needed. */
export interface ErrorMessages {
  /** A body is longer than it may be. */
  tooLarge: string;
  /** The database is away. */
  databaseDown: string;
  /** There is nothing at this path. */
  notFound: (path: string) => string;
}

/** What Fastify refuses by itself, in the API's own words. */
const REFUSALS: Readonly<Record<string, (wording: ErrorMessages) => ApiError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ tooLarge }) => new ApiError('tooLarge', tooLarge),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => unsupportedType(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ApiError('invalidRequest', 'The body is not as long as its Content-Length says.'),
  FST_ERR_BAD_URL: () =>
    new ApiError('invalidRequest', 'The address has a percent sign that encodes nothing.'),
};

/** The database has just closed the connection that it is asked on: the driver passes on what the socket says. */
const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';

/** Any error as one that may be shown. */
function shown(error: unknown, wording: ErrorMessages): ApiError {
  if (error instanceof ApiError) return error;
  if ((error instanceof MongoError && !(error instanceof MongoAPIError)) || isBrokenPipe(error))
    return new ApiError('unavailable', wording.databaseDown, { headers: { 'retry-after': 5 } });
  const { code = '', statusCode = 500 } = error as Partial<FastifyError>;
  const refusal = REFUSALS[code];
  if (refusal !== undefined) return refusal(wording);
  // A source that hung up in the middle of its body, for one.
  if (statusCode < 500) return new ApiError('invalidRequest', 'The request can’t be read to its end.');
  return new ApiError('internal', 'Internal error. If it persists, contact support with this request_id.');
}

interface Options {
  log: Log;
  wording: ErrorMessages;
}

/** Sends any error in the one shape, and logs what is ours without the words that may hold people's data. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, wording }: Options,
): FastifyReply {
  const answer = shown(error, wording);
  if (!(error instanceof ApiError) && answer.status >= 500) {
    log.error({ event: 'request_failed', request_id: request.id, fault: errorForLog(error) });
  }
  return reply
    .code(answer.status)
    .headers({ 'x-request-id': request.id, ...answer.details.headers })
    .type('application/json; charset=utf-8')
    .send(errorBody(answer, request.id));
}

export const errorHandler = plugin(async (app: FastifyInstance, options: Options) => {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, options));
  app.server.on('request', ({ socket }, response) => {
    answering.set(socket, response);
    response.once('close', () => {
      if (answering.get(socket) === response) answering.delete(socket);
    });
  });
  // An expectation that we do not know is passed over (RFC 9110, 10.1.1), rather than refused without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
});

/** The last answer that is on its way on a connection. */
const answering = new WeakMap<Socket, ServerResponse>();

/**
 * Answers what is no HTTP request at all, on the bare socket. What comes behind a good request must not be taken for
 * its answer: a source told that its lead is malformed would send it again.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const earlier = answering.get(socket);
  if (earlier?.req.complete === true) return void earlier.once('close', () => closeSocket(socket));
  const id = randomUUID();
  const answer = malformed(error.code);
  const body = JSON.stringify(errorBody(answer, id));
  closeSocket(
    socket,
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function malformed(code: string | undefined): ApiError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ApiError('tooLarge', 'The request line and headers are too long.', { status: 431 });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ApiError('invalidRequest', 'The request did not arrive in time. Send it again.', {
      status: 408,
    });
  }
  return new ApiError('invalidRequest', 'This is not an HTTP request.');
}
