import { describe, expect, test } from 'vitest';
import { buyerReference } from '../../src/buyers/buyerReference.js';

const lead = {
  firstName: 'Ann',
  lastName: 'van der Berg',
  email: 'ann@example.org',
  phone: '(212) 555-0100',
};

describe('a buyer’s own number for a lead', () => {
  test.each(['NW-20417', 'Annex-7', '0198c1f2-berg', '2125550', 'x'])('is kept: %s', (given) => {
    expect(buyerReference(given, lead)).toBe(given);
  });

  test.each(['ann/20417', '20417-ANN', 'Van der Berg 7', 'id:Ann@Example.org', '12125550100', '555-0100#1'])(
    'is not kept where it names the person: %s',
    (given) => {
      expect(buyerReference(given, lead)).toBeUndefined();
    },
  );

  test('is kept where the lead has no name, e-mail or phone to compare with', () => {
    expect(buyerReference('20417', { state: 'TX', firstName: '7' })).toBe('20417');
    expect(buyerReference(undefined, lead)).toBeUndefined();
  });
});
