import type { FieldValue } from '../market/fields/reading.js';

/** The person of leads that are sent to test a buyer's server. The phone number is reserved for fiction. */
export const FICTIONAL_PERSON: Record<string, FieldValue> = {
  firstName: 'Test',
  lastName: 'Lead',
  phone: '+12145550187',
  email: 'test.lead@example.com',
  address: '1 Example Street',
  city: 'Dallas',
  state: 'TX',
  zip: '75001',
};
