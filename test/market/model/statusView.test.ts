import { describe, expect, test } from 'vitest';
import { ENDED, isEnd } from '../../../src/market/model/lead.js';
import {
  shownReason,
  statusView,
  withdrawnBy,
  type StatusFields,
} from '../../../src/market/model/statusView.js';

const lead = (more: Partial<StatusFields>): StatusFields => ({ status: 'pending', currency: 'USD', ...more });

/** What the seller reads, without the fields that are absent. */
const shown = (more: Partial<StatusFields>): object =>
  JSON.parse(JSON.stringify(statusView(lead(more)))) as object;

const at = new Date('2026-03-03T12:00:00Z');
const returns = [{ buyer: 'best', reason: 'wrong_number', at, amount: 4500 }];

describe('A seller reads of a lead', () => {
  test.each<[string, Partial<StatusFields>, object]>([
    ['that it is pending before its first round', { status: 'received' }, { status: 'pending' }],
    ['nothing of a price while it is pending', { price: 4500, buyerIds: ['best'] }, { status: 'pending' }],
    [
      'what it earned, and who bought it',
      { status: 'sold', price: 4550, buyerIds: ['best'] },
      { status: 'sold', price: 45.5, buyer_ids: ['best'] },
    ],
    ['only that it is sold, if nothing else is stored', { status: 'sold' }, { status: 'sold' }],
    [
      'what is left when every buyer gave it back, and not who bought it',
      { status: 'returned', price: 0, buyerIds: ['best'], returns },
      {
        status: 'returned',
        price: 0,
        returns: [
          {
            buyer_id: 'best',
            reason: 'wrong_number',
            returned_at: '2026-03-03T12:00:00.000Z',
            amount: 45,
          },
        ],
      },
    ],
    [
      'what is left when it is on sale again after a return',
      { status: 'pending', price: 0, returns },
      { status: 'pending', price: 0, returns: [expect.anything()] },
    ],
    ['why it expired', { status: 'expired', reason: 'no_bid' }, { status: 'expired', reason: 'no_bid' }],
    ['no reason once it is sold', { status: 'sold', reason: 'no_bid' }, { status: 'sold' }],
    [
      'that it is being withdrawn',
      { withdrawal: { asked: 'seller' } },
      { status: 'pending', withdrawing: true },
    ],
    [
      'who withdrew it',
      { status: 'withdrawn', reason: 'no_bid', withdrawal: { asked: 'ops' } },
      { status: 'withdrawn', withdrawn_by: 'ops' },
    ],
    [
      'nothing of a withdrawal that came too late',
      { status: 'sold', withdrawal: { asked: 'ops' } },
      { status: 'sold' },
    ],
    [
      'that a suppression list withdrew it',
      { status: 'withdrawn', reason: 'suppressed' },
      { status: 'withdrawn', reason: 'suppressed', withdrawn_by: 'suppression' },
    ],
  ])('%s', (_, stored, words) => {
    expect(shown(stored)).toEqual(words);
  });
});

test('A reason is shown as long as the lead is unsold', () => {
  expect(shownReason({ status: 'pending', reason: 'below_floor' })).toBe('below_floor');
  expect(shownReason({ status: 'returned', reason: 'below_floor' })).toBeUndefined();
  expect(shownReason({ status: 'withdrawn', reason: 'below_floor' })).toBeUndefined();
  expect(shownReason({ status: 'withdrawn', reason: 'suppressed' })).toBe('suppressed');
});

test('Who asked for the withdrawal comes before the reason', () => {
  expect(withdrawnBy({ reason: 'suppressed', withdrawal: { asked: 'erasure' } })).toBe('erasure');
  expect(withdrawnBy({ withdrawal: {} })).toBeUndefined();
  expect(withdrawnBy({ reason: 'no_bid' })).toBeUndefined();
});

test('A lead ends sold, returned, expired or withdrawn', () => {
  expect(ENDED).toEqual(['sold', 'returned', 'expired', 'withdrawn']);
  for (const status of ENDED) expect(isEnd(status)).toBe(true);
  for (const status of ['received', 'pending', 'gone', undefined]) expect(isEnd(status)).toBe(false);
});
