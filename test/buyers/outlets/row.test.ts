import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvOf, rowOf, type OutletPost } from '../../../src/buyers/outlets/row.js';

const POST: OutletPost = {
  postId: 'c1f2a9d0-7a53-4c1e-9f0b-2d8c6e5b4a31',
  leadId: '019a5c7e-5b0c-7d2e-8f31-0a1b2c3d4e5f',
  category: 'Auto Insurance',
  price: 4550,
  currency: 'USD',
  exclusive: true,
  test: false,
  receivedAt: new Date('2026-11-24T14:33:05.120Z'),
  lead: { firstName: 'Zoë', phone: '+12145550187', interests: ['roof', 'solar'], note: '=1+1' },
};

describe('A row of an outlet', () => {
  test('has the sale and all fields of the lead', () => {
    expect(Object.fromEntries(rowOf(POST, {}))).toEqual({
      post_id: POST.postId,
      lead_id: POST.leadId,
      received_at: '2026-11-24T14:33:05.120Z',
      category: 'Auto Insurance',
      price: 45.5,
      currency: 'USD',
      test: false,
      firstName: 'Zoë',
      phone: '+12145550187',
      interests: 'roof, solar',
      note: '=1+1',
    });
  });

  test('has only the fields that the outlet names, in their order, also if the lead lacks one', () => {
    const row = rowOf(POST, { fields: ['phone', 'email', 'firstName'] }).slice(7);
    expect(row).toEqual([
      ['phone', '+12145550187'],
      ['email', ''],
      ['firstName', 'Zoë'],
    ]);
  });

  test('is no formula for a spreadsheet, and a phone number stays one', () => {
    const [, line = ''] = csvOf(rowOf(POST, { fields: ['note', 'phone'] })).split('\r\n');
    expect(line.endsWith(",'=1+1,+12145550187")).toBe(true);
  });

  test('comes back from its CSV, whatever the lead has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (note) => {
        const csv = csvOf(rowOf({ ...POST, lead: { note } }, {}));
        const [header = [], row = []] = parse(csv, { relaxQuotes: false });
        const read = row[header.indexOf('note')] ?? '';
        expect(read.replace(/^'(?=[=+\-@\t\r])/, '')).toBe(note.replace(/^'(?=[=+\-@\t\r])/, ''));
        expect(/^[=+\-@\t\r]/.test(read) && !/^[+-]?\d+(\.\d+)?$/.test(read)).toBe(false);
      }),
    );
  });
});
