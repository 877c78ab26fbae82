import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  answersOfLastDay,
  countAnswer,
  flushAnswers,
  pruneAnswers,
  readAnswers,
  type BuyerAnswer,
} from '../../../src/store/fairness/answers.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { isolatedSettings } from '../../support/stack.js';

const NOW = Date.parse('2027-03-14T20:30:00Z');
const HOUR = 3_600_000;

let workers: [Database, Database];
beforeAll(async () => {
  const settings = await isolatedSettings();
  workers = [openDatabase(settings), openDatabase(settings)];
});
afterAll(async () => {
  await workers[0].db.dropDatabase();
  await Promise.all(workers.map(({ client }) => client.close()));
});

const bid = { buyer: 'northwind', of: 'pings', test: false, id: 'p1', isYes: true } as const;
const faulty = (detail: string, id: string): Omit<BuyerAnswer, 'at'> => ({
  ...bid,
  ...{ id, isYes: false, fault: { reason: 'invalid_response', detail } },
});

/** Counts answers in a worker and flushes the counts. */
async function count(worker: Database, at: number, ...answers: Omit<BuyerAnswer, 'at'>[]): Promise<void> {
  for (const answer of answers) countAnswer(worker, { ...answer, at: new Date(at) });
  await flushAnswers(worker);
}

test('Answers are counted across all workers, with the latest error of each kind and its ping', async () => {
  const [one, other] = workers;
  await count(one, NOW - 30 * HOUR, bid, faulty('not JSON', 'p0'));
  await count(one, NOW - 3 * HOUR, bid, faulty('not JSON', 'p1'), faulty('an array', 'p2'));
  await count(other, NOW - 3 * HOUR, bid, faulty('bid is too large', 'p3'));
  await count(other, NOW, { ...bid, fault: { reason: 'timeout' }, isYes: false }, { ...bid, test: true });
  await count(one, NOW, { ...bid, of: 'posts' }, { ...bid, of: 'posts', isYes: false });
  await count(one, NOW, { ...bid, buyer: 'fabrikam' });
  const found = await answersOfLastDay(one, NOW);
  expect(found.get('northwind')).toEqual({
    ...{ pings: 7, bids: 3, posts: 2, accepted: 1 },
    faults: [
      {
        ...{ of: 'pings', reason: 'invalid_response', count: 3 },
        last: { at: new Date(NOW - 3 * HOUR), detail: 'bid is too large', id: 'p3' },
      },
      { of: 'pings', reason: 'timeout', count: 1, last: { at: new Date(NOW), id: 'p1' } },
    ],
  });
  expect(found.get('fabrikam')).toMatchObject({ pings: 1, bids: 1, faults: [] });
});

test('Answers can be read for live leads only and for one buyer', async () => {
  const day = { from: new Date(NOW - 24 * HOUR), to: new Date(NOW + HOUR) };
  const found = await readAnswers(workers[0], { ...day, test: false, buyers: ['northwind'] });
  expect([...found].map(([id, { pings }]) => [id, pings])).toEqual([['northwind', 6]]);
});

test('Answer counts are deleted after eight days', async () => {
  expect(await pruneAnswers(workers[0], NOW + 7 * 24 * HOUR)).toBe(1);
  expect((await answersOfLastDay(workers[0], NOW)).get('northwind')).toMatchObject({ pings: 7 });
});

test('A worker that can’t write its counts continues', async () => {
  const settings = await isolatedSettings();
  const away = openDatabase(settings);
  await away.client.connect();
  countAnswer(away, { ...bid, at: new Date() });
  await away.client.close();
  await expect(flushAnswers(away)).rejects.toThrow();
  await flushAnswers(away);
});
