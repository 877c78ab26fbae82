import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldDeclaration } from '../../../src/market/fields/declaration.js';
import { readTyped } from '../../../src/market/fields/readTyped.js';
import type { FieldValue } from '../../../src/market/fields/reading.js';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const read = (declaration: FieldDeclaration, sent: FieldValue, currency = 'USD') =>
  readTyped(declaration, sent, { currency, now: NOW });

const ROOF: FieldDeclaration = {
  type: 'enum',
  values: [
    { value: 'asphalt', labels: ['Asphalt shingle', 'Shingles'] },
    { value: 'none', labels: ['None', 'N/A'] },
    { value: 'tile', labels: [] },
  ],
};

describe('A declared field is read by its type', () => {
  test.each<[FieldDeclaration, FieldValue, FieldValue | undefined]>([
    [{ type: 'boolean' }, 'Y', 'yes'],
    [{ type: 'boolean' }, ['on', 'yes'], 'yes'],
    [{ type: 'boolean' }, 'Own', undefined],
    [{ type: 'number' }, '45,000', '45000'],
    [{ type: 'number' }, ['1', '2'], ['1', '2']],
    [{ type: 'number' }, ['1', 'many'], undefined],
    [{ type: 'number' }, ['1', ''], '1'],
    [{ type: 'money' }, '$1,250', '1250.00'],
    [{ type: 'range' }, '720+', '720..'],
    [{ type: 'date', order: 'dmy' }, '03/07/1985', '1985-07-03'],
    [{ type: 'date', unit: 'ms' }, '478915200000', '1985-03-06'],
    [{ type: 'date', unit: 'ms', zone: 'Asia/Tokyo' }, '478976400000', '1985-03-07'],
    [{ type: 'date', unit: 's' }, '99999999999999', undefined],
    [{ type: 'birthDate' }, '3/7/85', '1985-03-07'],
    [{ type: 'birthDate' }, '3/7/12', undefined],
    [{ type: 'list' }, 'roof|solar', ['roof', 'solar']],
    [{ type: 'list' }, ['roof', 'solar', 'roof'], ['roof', 'solar']],
    [ROOF, ' ASPHALT  shingle', 'asphalt'],
    [ROOF, 'Tile', 'tile'],
    [ROOF, 'n/a', 'none'],
    [ROOF, ['tile', 'Shingles'], ['tile', 'asphalt']],
    [ROOF, 'Asphalt shingles', undefined],
  ])('%j: %j is %j', (declaration, sent, value) => {
    expect(read(declaration, sent).value).toEqual(value);
  });

  test('with a note if it is unreadable, and without one if it is blank', () => {
    expect(read(ROOF, 'slate')).toEqual({
      original: 'slate',
      note: 'none of the values that the campaign lists; kept as sent',
    });
    expect(read(ROOF, 'Please select')).toEqual({ original: 'Please select' });
    expect(read({ type: 'boolean' }, ['', 'null'])).toEqual({ original: '["","null"]' });
    expect(read({ type: 'boolean' }, ['yes', 'maybe']).note).toBeDefined();
  });

  test('in the currency of its campaign', () => {
    expect(read({ type: 'money' }, '1200', 'JPY').value).toBe('1200');
    expect(read({ type: 'money' }, '12.50', 'JPY').value).toBeUndefined();
  });
});

describe('Any input', () => {
  const declarations = fc.constantFrom<FieldDeclaration>(
    { type: 'boolean' },
    { type: 'number' },
    { type: 'money' },
    { type: 'range' },
    { type: 'date', order: 'dmy' },
    { type: 'date', unit: 's', zone: 'America/Chicago' },
    { type: 'date', format: 'excel' },
    { type: 'birthDate', order: 'mdy' },
    { type: 'list' },
    ROOF,
  );
  const number = fc.double({ min: -1e6, max: 1e9, noNaN: true }).map((value) => value.toFixed(2));
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    number,
    fc.tuple(fc.nat(2000), fc.nat(2000)).map(([a, b]) => `${a} - ${b}`),
    fc.tuple(fc.nat(40), fc.nat(40), fc.nat(2100)).map((parts) => parts.join('/')),
    fc.constantFrom(
      'yes',
      'TRUE',
      'over 750',
      '720+',
      '$75k',
      'tile',
      'Shingles',
      'a|b;c',
      '["a","b"]',
      '31113',
    ),
  );

  test('has a normal form that is read as itself', () => {
    fc.assert(
      fc.property(declarations, fc.oneof(text, fc.array(text, { maxLength: 3 })), (declaration, sent) => {
        const { value, note } = read(declaration, sent);
        expect(note ?? '').not.toContain('undefined');
        if (value !== undefined) expect(read(declaration, value).value).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });
});
