import { MongoNetworkError, MongoServerError } from 'mongodb';
import { expect, test } from 'vitest';
import { errorForLog } from '../src/errorForLog.js';

/** Calls that fail with an error of the engine, of Node or of the system. */
function errorOf(fails: () => unknown): unknown {
  try {
    return fails();
  } catch (error) {
    return error;
  }
}

const nothing = undefined as unknown as Record<string, { length: number }>;

test.each([
  [
    'of the code: no name from a request',
    () => nothing['Quatermain'],
    "Cannot read properties of undefined (reading '…')",
  ],
  ['of the code: no number', () => String.fromCodePoint(5_558_675_309), 'Invalid code point …'],
  [
    'of the code: no value',
    () => new Intl.DateTimeFormat('en', { timeZone: 'Quatermain' }),
    'Invalid time zone specified: …',
  ],
  ['of Node: it quotes what it was given', () => Buffer.from(5_558_675_309 as unknown as string), undefined],
  ['of JSON: it quotes the text', () => JSON.parse('Quatermain') as unknown, undefined],
  ['of anybody', () => new Error('no such person: Quatermain'), undefined],
  [
    'of the driver: it quotes the document',
    () => new MongoServerError({ message: 'dup key: Quatermain' }),
    undefined,
  ],
  [
    'of a connection',
    () => new MongoNetworkError('connection 7 to 127.0.0.1:27017 closed'),
    'connection 7 to 127.0.0.1:27017 closed',
  ],
  [
    'of the system',
    () =>
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), {
        code: 'ECONNREFUSED',
        syscall: 'connect',
      }),
    'connect ECONNREFUSED 127.0.0.1:6379',
  ],
  ['that is not an Error', () => 'Quatermain', undefined],
])('The log entry of an error %s', (_whose, fails, message) => {
  const fault = errorForLog(errorOf(fails));
  expect(fault.message).toBe(message);
  expect(JSON.stringify(fault)).not.toMatch(/Quatermain|5558675309/);
});
