import fastify, { type FastifyInstance } from 'fastify';
import { MongoInvalidArgumentError, MongoNetworkError, MongoNetworkTimeoutError } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorHandler } from '../../src/api/plugins/errorHandler.js';

/** The error of a write to a socket that the other side has closed. */
const BROKEN_PIPE = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32, syscall: 'write' });

describe('a request that fails in the database', () => {
  let app: FastifyInstance;
  let fault: Error;
  beforeAll(async () => {
    app = fastify();
    const wording = { tooLarge: '', databaseDown: 'The lead was not stored.', notFound: () => '' };
    await app.register(errorHandler, { log: pino({ level: 'silent' }), wording });
    app.get('/', () => Promise.reject(fault));
  });
  afterAll(() => app.close());

  async function answerTo(error: Error) {
    fault = error;
    const { statusCode, headers, body } = await app.inject('/');
    const { message } = JSON.parse(body) as { message: string };
    return { status: statusCode, retryAfter: headers['retry-after'], message };
  }

  it.each([
    ['its connection has just been closed', BROKEN_PIPE],
    ['its connection broke', new MongoNetworkError('connection 7 to 127.0.0.1:27017 closed')],
    ['it does not answer', new MongoNetworkTimeoutError('connection timed out')],
  ])('is 503 with Retry-After: %s', async (_why, error) => {
    expect(await answerTo(error)).toEqual({
      status: 503,
      retryAfter: '5',
      message: 'The lead was not stored.',
    });
  });

  it.each([
    ['a fault in the code', new TypeError('x is not a function')],
    ['a question that the driver does not understand', new MongoInvalidArgumentError('no filter')],
  ])('is 500 if a retry would not help: %s', async (_why, error) => {
    expect(await answerTo(error)).toMatchObject({ status: 500, retryAfter: undefined });
  });
});
