import { describe, expect, test } from 'vitest';
import { MAX_BATCH_BYTES, readBatch } from '../../../src/api/leads/batch.js';
import { mergeFields } from '../../../src/api/leads/mergeFields.js';
import { readForm } from '../../../src/api/http/body.js';
import { MAX_BODY_BYTES } from '../../../src/api/plugins/bodyParsers.js';
import { OperationError } from '../../../src/operations/operationError.js';
import { processorClock } from '../../support/processorClock.js';

function ms(work: () => unknown): number {
  const spent = processorClock();
  work();
  return spent();
}

describe('A source’s body is read in time for the other sources', () => {
  test('if it repeats a name as often as fits', () => {
    const body = readForm('a&'.repeat(MAX_BODY_BYTES / 2));
    expect(ms(() => mergeFields({ query: [], body, bodyIsForm: true }))).toBeLessThan(1000);
  });

  test('if it is a batch of blank lines', () => {
    for (const line of ['\n', ' \n']) {
      const body = Buffer.from(line.repeat(MAX_BATCH_BYTES / line.length));
      expect(ms(() => expect(() => readBatch(body)).toThrow(OperationError))).toBeLessThan(3000);
    }
  });
});

test('Blanks before a lead of a batch stay in its line, so that positions of faults are right', () => {
  const [line] = readBatch(Buffer.from('\n \t\r\n  {"a":1}\n'));
  expect([line?.number, line?.bytes.toString()]).toEqual([3, '  {"a":1}']);
});
