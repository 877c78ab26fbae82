import { describe, expect, test } from 'vitest';
import { compileInbound } from '../../../src/market/mapping/mapDocument.js';
import { MAX_DOCUMENTS } from '../../../src/market/mapping/documents.js';
import { processorClock } from '../../support/processorClock.js';

describe('A request with several leads', () => {
  const { read } = compileInbound({ each: 'leads' });

  test('has each of them, with what they share', () => {
    const { documents, problem } = read({
      form: 'f',
      leads: Array.from({ length: MAX_DOCUMENTS }, () => ({})),
    });
    expect(problem).toBeUndefined();
    expect(documents).toHaveLength(MAX_DOCUMENTS);
    expect(documents.at(-1)).toMatchObject({ form: 'f' });
  });

  test.each([
    ['in a list', { leads: Array(MAX_DOCUMENTS + 1).fill({}) }],
    ['at its top', Array(MAX_DOCUMENTS + 1).fill({})],
    ['in several lists', [{ leads: Array(300).fill({}) }, { leads: Array(300).fill({}) }]],
  ])('is refused as a whole if it has too many %s', (_, body) =>
    expect(read(body)).toMatchObject({
      documents: [],
      problem: expect.stringContaining('more than 500 leads') as string,
    }),
  );

  test('is refused if what they share would be copied too often', () => {
    const shared = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, 1]));
    const spent = processorClock();
    expect(read({ ...shared, leads: Array(400).fill(1) })).toMatchObject({
      problem: expect.stringContaining('too many names') as string,
    });
    expect(read({ ...shared, leads: Array(15_000).fill(1) })).toMatchObject({
      problem: expect.stringContaining('too many names') as string,
    });
    expect(spent()).toBeLessThan(500);
  });
});
