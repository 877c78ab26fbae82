import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { MongoAPIError, MongoError } from 'mongodb';
import type { Log } from '../../log.js';
import { OperationError, invalidRequest } from '../../operations/operationError.js';
import { errorBody } from '../errorTable.js';
import { headersOf, HttpError, statusOf } from '../http/httpError.js';
import { errorForLog } from '../../errorForLog.js';
import { unsupportedType } from '../../operations/body/unsupportedType.js';

export interface ErrorMessages {
  tooLarge: string;
  databaseDown: string;
  notFound: (path: string) => string;
}

const FASTIFY_ERRORS: Readonly<Record<string, (wording: ErrorMessages) => OperationError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ tooLarge }) => new OperationError('tooLarge', tooLarge),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => unsupportedType(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    invalidRequest('The body is shorter or longer than its Content-Length. Send a correct Content-Length.'),
  FST_ERR_BAD_URL: () => invalidRequest('The URL has a percent sign that encodes nothing. Encode it as %25.'),
};

/** The database has just closed the connection in use. The driver passes on the error of the socket. */
const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';

function shown(error: unknown, wording: ErrorMessages): OperationError {
  if (error instanceof OperationError) return error;
  if ((error instanceof MongoError && !(error instanceof MongoAPIError)) || isBrokenPipe(error))
    return new OperationError('unavailable', wording.databaseDown, { retryAfterS: 5 });
  const { code = '', statusCode = 500 } = error as Partial<FastifyError>;
  const refusal = FASTIFY_ERRORS[code];
  if (refusal !== undefined) return refusal(wording);
  // For example, the client disconnected while sending the body.
  if (statusCode < 500) return invalidRequest('The request is incomplete. Send it again.');
  return new OperationError(
    'internal',
    'Internal error. If it persists, contact support with this request_id.',
  );
}

interface Options {
  log: Log;
  wording: ErrorMessages;
}

/** Logs an internal error without its message, which may hold personal data. */
export function explain(error: unknown, requestId: string, { log, wording }: Options): OperationError {
  const answer = shown(error, wording);
  if (!(error instanceof OperationError) && statusOf(answer) >= 500)
    log.error({ event: 'request_failed', request_id: requestId, fault: errorForLog(error) });
  return answer;
}

/** Sends an error in the API's format. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  options: Options,
): FastifyReply {
  const answer = explain(error, request.id, options);
  return reply
    .code(statusOf(answer))
    .headers({ 'x-request-id': request.id, ...headersOf(answer) })
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
  // Ignores unknown values of Expect (RFC 9110, 10.1.1). Node would answer an empty 417.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
});

/** The pending response of each connection. */
const answering = new WeakMap<Socket, ServerResponse>();

/** The responses after which their connection is closed. */
const closesAfter = new WeakSet<ServerResponse>();

/**
 * Answers malformed HTTP on the socket itself. If a valid request is pending on the connection, it writes nothing: a source
 * would take the error for the response to that request, and send its lead again.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const earlier = answering.get(socket);
  if (earlier?.req.complete === true) {
    // Each further piece of such a request is another error.
    if (closesAfter.has(earlier)) return;
    closesAfter.add(earlier);
    return void earlier.once('close', () => closeSocket(socket));
  }
  const id = randomUUID();
  const answer = malformed(error.code);
  const status = statusOf(answer);
  const body = JSON.stringify(errorBody(answer, id));
  closeSocket(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
      `Content-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function malformed(code: string | undefined): OperationError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpError(
      'tooLarge',
      'The request line and headers are too long. Send the lead in the body.',
      { status: 431 },
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpError('invalidRequest', 'The request did not arrive in time. Send it again.', {
      status: 408,
    });
  }
  return invalidRequest(
    'The request is not valid HTTP. Check your HTTP client, and that it uses http or https as the server does.',
  );
}

/** How long the client has to close its side of the connection, ms. */
const LINGER_MS = 2000;

/** Sends final data, if any, and closes the connection; destroys it if the client does not close its side. */
function closeSocket(socket: Socket, finalData = ''): void {
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  late.unref();
  socket.once('close', () => clearTimeout(late));
  socket.end(finalData);
}
