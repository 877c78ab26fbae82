import { expect, test } from 'vitest';
import { nextStageAt, stageAt } from '../../../src/market/model/stages.js';

const HOUR = 3_600_000;
const exclusive = { after: 0, sale: 'exclusive from 30.00' };
const shared = { after: 2 * HOUR, sale: 'shared from 12.00' };
const aged = { after: 72 * HOUR, sale: 'aged from 2.00' };
const received = Date.UTC(2026, 10, 24);

test.each([
  [0, exclusive, 2],
  [2 * HOUR - 1, exclusive, 2],
  [2 * HOUR, shared, 72],
  [72 * HOUR, aged, undefined],
  [1000 * HOUR, aged, undefined],
])('A lead that is %i ms old is in the latest stage and waits for the next', (age, stage, next) => {
  const now = received + age;
  expect(stageAt([aged, exclusive, shared], received, now)).toBe(stage);
  expect(nextStageAt([aged, exclusive, shared], received, now)).toBe(
    next === undefined ? undefined : received + next * HOUR,
  );
});

test('A lead is in no stage before the start of the first', () => {
  expect(stageAt([aged, shared], received, received)).toBeUndefined();
  expect(nextStageAt([], received, received)).toBeUndefined();
});
