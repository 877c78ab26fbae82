import type { FieldValue } from '../../src/market/fields/reading.js';
import type { Given, GivenValue } from '../../src/market/intake/given.js';

/** Texts and lists by name, as a request has them. */
export const givenFrom = (values: Iterable<readonly [string, FieldValue]>): Given =>
  new Map(
    [...values].map(([name, value]): [string, GivenValue] => [
      name,
      typeof value === 'string'
        ? { kind: 'text', text: value }
        : { kind: 'list', texts: value, repeated: false },
    ]),
  );
