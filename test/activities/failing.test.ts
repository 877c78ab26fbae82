import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { note } from '../../activities/failing.js';
import { createLog } from '../../src/log.js';
import { BREAKER, circuitId } from '../../src/market/limits/circuitBreaker.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { readCircuits } from '../../src/store/fairness/circuits.js';
import { isolatedSettings } from '../support/stack.js';

let database: Database;
beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
});
afterAll(async () => {
  await database.client.close();
});

test('A circuit opens for a time that begins with the failed answer, however late it is recorded', async () => {
  const id = circuitId('northwind', 'pings');
  await database.circuits.insertOne({ _id: id, version: 1, failures: BREAKER.failures - 1, opens: 0 });
  const circuits = async () => {
    await sleep(500);
    return readCircuits(database);
  };
  const log = createLog({ LOG_LEVEL: 'silent' }, 'test');
  const answeredAt = Date.now();
  note(
    { database, circuits, log },
    {
      ...{ buyer: 'northwind', of: 'pings', id: 'lead-1', test: false, isYes: false },
      ...{ failure: { reason: 'http_error' }, ms: 5, limitMs: 1000 },
    },
  );
  const until = async () => (await readCircuits(database)).get(id)?.until;
  await expect.poll(until).toBeDefined();
  expect(await until()).toBeLessThan(answeredAt + BREAKER.openFor + 400);
});
