import { expect, test } from 'vitest';
import { gavel } from '../../gavel.js';

test.each(['prairie', 'ACME1234/auto-insurance', '/auto-insurance/prairie', 'ACME1234//prairie'])(
  'gavel buyers try says how a contract is named: not %s',
  async (named) => {
    expect(await gavel(['buyers', 'try', named], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Write SELLER/CATEGORY/BUYER') as string,
    });
  },
);
