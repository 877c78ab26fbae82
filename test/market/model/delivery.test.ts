import { describe, expect, test } from 'vitest';
import {
  calledOffDetail,
  DELIVERY,
  HELD_MS,
  waitBeforeAttempt,
  type DeliveryPolicy,
} from '../../../src/market/model/delivery.js';

const patient: DeliveryPolicy = { ...DELIVERY, attempts: 20, within: 86_400_000 };

describe('Before an uncertain post is sent again, Gavel waits', () => {
  test.each<[string, number, number, number, DeliveryPolicy | undefined, number]>([
    ['a second before the second try', 2, 0, 0, undefined, 1000],
    ['twice as long before the third', 3, 0, 0, undefined, 2000],
    ['twice as long again before the last', 4, 3000, 0, undefined, 4000],
    ['as long as the buyer asks, if that is longer', 2, 0, 30_000, undefined, 30_000],
    ['no less than the policy says, if the buyer asks for less', 3, 0, 500, undefined, 2000],
    ['up to the end of the time for tries', 2, 59_000, 0, undefined, 1000],
    ['what the contract says', 2, 0, 0, { ...patient, spacing: 7000 }, 7000],
    ['at most an hour', 20, 0, 0, patient, 3_600_000],
  ])('%s', (_, attempt, elapsed, retryAfter, policy, wait) => {
    expect(waitBeforeAttempt(attempt, elapsed, retryAfter, policy)).toBe(wait);
  });

  test('not at all after the last try', () => {
    expect(waitBeforeAttempt(5, 0)).toBeUndefined();
  });

  test('not at all if the next try would be too late', () => {
    expect(waitBeforeAttempt(2, 59_001)).toBeUndefined();
    expect(waitBeforeAttempt(2, 0, 60_001)).toBeUndefined();
  });

  test('a second, if the buyer asks for nothing', () => {
    expect(waitBeforeAttempt(2, 0)).toBe(1000);
  });
});

test('A contract that says nothing has four tries within a minute, then its post is called off', () => {
  expect(DELIVERY).toEqual({ attempts: 4, within: 60_000, spacing: 1000, atEnd: 'moveOn', again: false });
});

test('A lead is held for ops for a week at least', () => {
  expect(HELD_MS).toBe(7 * 24 * 60 * 60 * 1000);
});

test('A post that is called off says why, if that is known', () => {
  expect(calledOffDetail('HTTP 503')).toBe('no clear answer to the post: HTTP 503');
  expect(calledOffDetail(undefined)).toBe('no clear answer to the post');
});
