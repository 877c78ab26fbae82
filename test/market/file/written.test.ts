import { describe, expect, test } from 'vitest';
import { cautionsOf } from '../../../src/market/file/cautions.js';
import {
  writtenBuyer,
  writtenCampaign,
  writtenContract,
  writtenSeller,
} from '../../../src/market/file/written.js';
import { buyerOf, campaignOf, contractOf, START } from '../simulate/live.js';

describe('As the market file writes them,', () => {
  test('a seller has its values under their paths, without its ids', () => {
    const seller = { id: 'x', slug: 'acme', name: 'Acme', active: true, postbacks: ['a', 'b'], secret: 's' };
    expect(writtenSeller(seller as never)).toEqual({
      slug: 'acme',
      name: 'Acme',
      active: 'true',
      postbacks: '[a, b]',
    });
  });

  test('a buyer has amounts in its currency, or else in dollars, and times in UTC', () => {
    const buyer = buyerOf('a', { ping: undefined, balance: 1250, pausedUntil: START });
    const { post } = buyer;
    expect(writtenBuyer(buyer)).toEqual({
      name: 'a',
      active: 'true',
      balance: '12.50',
      pausedUntil: '2026-11-24T12:00:00Z',
      'post.url': post?.url,
      'post.timeoutMs': '2000',
    });
    expect(writtenBuyer({ ...buyer, currency: 'JPY' })).toMatchObject({ balance: '1250', currency: 'JPY' });
  });

  test('a campaign has durations, lists of maps by their places, and its fields', () => {
    const sale = { mode: 'shared', maxBuyers: 2, floor: 500, award: 'highestBid' } as const;
    const written = writtenCampaign(
      campaignOf({
        currency: 'USD',
        stages: [
          { ...sale, after: 7_200_000 },
          { ...sale, after: 86_400_000 * 4, floor: 250 },
        ],
        fields: { roof: { type: 'enum', values: [{ value: 'tile', labels: [] }] } },
      }),
    );
    expect(written).toMatchObject({
      currency: 'USD',
      required: '[firstName, lastName, phone, state]',
      'sale.floor': '10.00',
      'pending.retryAfter': '[30m, 1h]',
      'pending.expireAfter': '3h',
      'stages[0].after': '2h',
      'stages[1].after': '4d',
      'stages[1].floor': '2.50',
      'fields.roof.type': 'enum',
    });
    expect(Object.keys(written).filter((key) => /^(id|seller)$/.test(key))).toEqual([]);
  });

  test('a contract has the delivery terms that are in force, if it names none', () => {
    const contract = contractOf('a', { price: 900, weight: 3, delay: 900_000 });
    expect(writtenContract(contract, 'JPY')).toMatchObject({
      price: '900',
      weight: '3',
      delay: '15m',
      'delivery.attempts': '4',
      'delivery.atEnd': 'moveOn',
    });
    const delivery = { attempts: 1, within: 0, spacing: 1, atEnd: 'hold', again: false } as const;
    expect(writtenContract({ ...contract, delivery }, 'JPY')).toMatchObject({ 'delivery.attempts': '1' });
    expect(writtenContract(contract, 'JPY')).not.toHaveProperty('buyer');
  });

  test('an empty list is there, and what is undefined or null is not taken for a map', () => {
    expect(writtenSeller({ slug: 'a', name: undefined, postbacks: [], extra: null } as never)).toEqual({
      slug: 'a',
      postbacks: '[]',
      extra: 'null',
    });
  });
});

test('A caution names three campaigns or contracts, and how many more there are', () => {
  const campaigns = (count: number) => Array.from({ length: count }, (_, i) => campaignOf({ id: `c${i}` }));
  const cautionFor = (count: number) =>
    cautionsOf({ campaigns: campaigns(count), contracts: [] }, undefined)[0];
  expect(cautionFor(3)).toContain('Persons of c0, c1, c2 are kept');
  expect(cautionFor(5)).toContain('Persons of c0, c1, c2 and 2 more are kept');
});
