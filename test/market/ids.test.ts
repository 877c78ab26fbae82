import { describe, expect, test } from 'vitest';
import { fnv1a, fraction } from '../../src/market/hash.js';
import { pingId, postbackId, postId, topUpId, topUpIdByKey } from '../../src/market/ids.js';

/* Buyers recognize a repeated request by its id, and sales are booked under it: an id stays as it is in every release. */

const contract = 'ACME/auto/best';
const postback = { leadId: 'l1', status: 'sold', round: 1, url: 'https://x.example/p' };

describe('The id stays the same in every release', () => {
  test.each<[string, () => string, string]>([
    ['of a ping', () => pingId('l1', contract, 2), '0edf0520-5071-5f18-8a64-bd7c4e0e2992'],
    [
      'of a ping for a bid that has expired',
      () => pingId('l1', contract, 2, true),
      '4f6fe482-bea2-5121-8efc-51b8c849374f',
    ],
    ['of a post', () => postId('l1', contract), 'd0813e42-ee50-526a-a920-a8a2a0c37cbc'],
    ['of a post in a later round', () => postId('l1', contract, 3), '6a23111a-0b74-554c-8428-ae0e11b0518a'],
    [
      'of a payment by its reference',
      () => topUpId('best', 'wire-1'),
      'd8a8e5e9-8717-5738-a649-085277324cfc',
    ],
    ['of a payment by its key', () => topUpIdByKey('best', 'key-1'), 'd44350f0-a916-5c93-b701-b665595d98a1'],
    ['of a postback', () => postbackId({ ...postback, returns: 0 }), 'afb6eb1b-7591-5c8d-af37-09e1fcaff1f6'],
    [
      'of a postback after two returns',
      () => postbackId({ ...postback, returns: 2 }),
      '5df368a2-e879-5455-8002-6610d4997ff0',
    ],
  ])('%s', (_, id, expected) => {
    expect(id()).toBe(expected);
  });
});

test('The hash is FNV-1a as its authors publish it', () => {
  expect(fnv1a('')).toBe(0x811c9dc5);
  expect(fnv1a('a')).toBe(0xe40c292c);
  expect(fnv1a('foobar')).toBe(0xbf9cf968);
  expect(fraction('a')).toBe(0xe40c292c / 2 ** 32);
});
