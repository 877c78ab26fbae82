import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { personHash } from '../../src/buyers/personHash.js';
import { HASH_BITS } from '../../src/market/fields/personKeys.js';

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

test('A buyer’s hash is the start of an HMAC, keyed as signatures are', () => {
  const whole = createHmac('sha256', 'a secret of thirty-two characters')
    .update('+12145550187')
    .digest('hex');
  expect(personHash('+12145550187', secret)).toBe(whole.slice(0, 4));
  expect(personHash(undefined, secret)).toBeUndefined();
});

test('Several of 400,000 other numbers in the area code have the same hash, so it identifies none of them', () => {
  expect(HASH_BITS).toBe(16);
  const wanted = personHash('+12145550187', secret);
  let fitting = 0;
  for (let number = 2_000_000; number < 2_400_000; number++)
    if (personHash(`+1214${number}`, secret) === wanted) fitting += 1;
  expect(fitting).toBeGreaterThan(1);
});
