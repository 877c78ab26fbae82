import { describe, expect, test } from 'vitest';
import { faultText } from '../../../src/market/file/fault.js';
import { parseMarket } from '../../support/parseMarket.js';
import { pingedFields } from '../../../src/market/fields/identifyingFields.js';

const LEAD = {
  fields: {
    firstName: 'Ann',
    lastName: 'Roe',
    phone: '+12145550187',
    phoneExtension: '89',
    email: 'ann@example.com',
    zip: '75001-1234',
    city: 'Ann Roe',
    mobile: 'yes',
    full_name: 'Ann Roe',
    homeowner: 'yes',
    interests: ['roof', 'solar'],
    subId: 'a',
  },
  unread: ['city'],
};

describe('A ping', () => {
  test('contains five digits of the ZIP code, the requested fields and no unreadable value', () => {
    expect(pingedFields(LEAD, { names: ['homeowner', 'interests', 'subId', 'age', 'city'] })).toEqual({
      zip: '75001',
      city: undefined,
      fields: { homeowner: 'yes', interests: ['roof', 'solar'], subId: 'a' },
    });
  });

  test('never contains personal data, whatever fields are requested', () => {
    const names = Object.keys(LEAD.fields);
    expect(Object.keys(pingedFields(LEAD, { names }).fields)).toEqual([
      'zip',
      'homeowner',
      'interests',
      'subId',
    ]);
  });

  test('contains a declared field even if its name could mean another field', () => {
    const declared = { mobile: { type: 'boolean' } } as const;
    expect(pingedFields(LEAD, { names: ['mobile'], declared }).fields).toEqual({ mobile: 'yes' });
  });

  test('cannot be configured to contain personal data', () => {
    const parsed = parseMarket(`
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: northwind, name: N, post: { url: https://n.example/, timeoutMs: 500 } }]
campaigns:
  - seller: ACME1234
    category: Auto
    fields: { mobile: { type: boolean } }
    contracts: [{ buyer: northwind, price: 1, ping: { fields: [homeowner, mobile, email, cell_phone] } }]
`);
    const faults = 'faults' in parsed ? parsed.faults.map((fault) => faultText('m', fault)) : [];
    expect(faults).toEqual(
      ['email', 'cell_phone'].map(
        (name) => expect.stringContaining(`"${name}" says who the person is, which no ping does`) as string,
      ),
    );
  });
});
