import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readZip } from '../../../src/market/fields/zip.js';
import { SANDBOX, sandboxCase } from '../../../src/market/model/sandbox.js';

const reserved = fc.constantFrom(...Object.keys(SANDBOX));

test('A lead of a live key is never in the sandbox', () => {
  fc.assert(
    fc.property(fc.oneof(reserved, fc.string()), (zip) => {
      expect(sandboxCase({ test: false, zip })).toBeUndefined();
    }),
  );
});

test('A test lead is in the sandbox only by a reserved ZIP code', () => {
  fc.assert(
    fc.property(fc.oneof(reserved, fc.string(), fc.constantFrom('constructor', '__proto__')), (zip) => {
      const isReserved = Object.keys(SANDBOX).includes(zip);
      expect(sandboxCase({ test: true, zip }) !== undefined).toBe(isReserved);
    }),
  );
});

test('A reserved ZIP code with its four further digits is still reserved', () => {
  expect(sandboxCase({ test: true, zip: readZip('00001-1234').value })).toBe(SANDBOX['00001']);
  expect(sandboxCase({ test: true, zip: '00001 or so' })).toBeUndefined();
});

test('Every reserved ZIP code is read as it is, and no place has it: ZIP codes start at 00501', () => {
  for (const zip of Object.keys(SANDBOX)) {
    expect(readZip(zip)).toMatchObject({ value: zip });
    expect(zip === '00503' || zip < '00501').toBe(true);
  }
});
