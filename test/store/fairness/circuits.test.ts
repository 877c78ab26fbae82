import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BREAKER, circuitId, circuitState, type Failure } from '../../../src/market/limits/circuitBreaker.js';
import { recordServerAnswer, readCircuits, takeProbe } from '../../../src/store/fairness/circuits.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { isolatedSettings } from '../../support/stack.js';

const BUYER = 'northwind';
const NOW = Date.now();
const FAILURE: Failure = { reason: 'invalid_response', detail: 'not JSON' };

const fails = (worker: Database, { id = BUYER, isKnown = false } = {}) =>
  recordServerAnswer(worker, id, { failure: FAILURE, isKnown, now: NOW });
const answers = (worker: Database, { id = BUYER, now = NOW } = {}) =>
  recordServerAnswer(worker, id, { isKnown: true, now });

describe('A buyer’s circuit shared by several workers', () => {
  let workers: Database[];
  beforeAll(async () => {
    const settings = await isolatedSettings();
    workers = [openDatabase(settings), openDatabase(settings), openDatabase(settings)];
  });
  beforeEach(async () => {
    await workers[0]?.circuits.deleteMany({});
  });
  afterAll(async () => {
    await workers[0]?.db.dropDatabase();
    await Promise.all(workers.map(({ client }) => client.close()));
  });

  /** Reports a number of concurrent failures, spread over the workers. */
  const atOnce = <T>(count: number, work: (database: Database) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => work(workers[i % workers.length] as Database)));

  const circuit = async () => (await readCircuits(workers[0] as Database)).get(BUYER);

  test('counts all concurrent failures', async () => {
    await atOnce(BREAKER.failures - 1, (worker) => fails(worker));
    expect(await circuit()).toMatchObject({ failures: BREAKER.failures - 1, opens: 0 });
    await atOnce(1, (worker) => fails(worker, { isKnown: true }));
    expect(await circuit()).toMatchObject({ openedAt: NOW, until: NOW + BREAKER.openFor });
  });

  test('opens once for any number of concurrent failures', async () => {
    await atOnce(2 * BREAKER.failures, (worker) => fails(worker));
    expect(await circuit()).toMatchObject({ failures: BREAKER.failures, opens: 1, last: FAILURE });
  });

  test('needs one write for all answers that arrive during a write', async () => {
    const [worker] = workers as [Database];
    const failing = (isKnown: boolean) => fails(worker, { isKnown });
    await Promise.all(Array.from({ length: BREAKER.failures + 50 }, () => failing(false)));
    expect(await circuit()).toMatchObject({ failures: BREAKER.failures, opens: 1, version: 1 });
    await Promise.all([failing(true), answers(worker)]);
    // Answers to requests from before it opened are ignored.
    expect(await circuit()).toMatchObject({ opens: 1, version: 1 });
  });

  test('allows exactly one probe after its pause, and another one if the first never reports', async () => {
    await atOnce(BREAKER.failures, (worker) => fails(worker));
    const tries = (at: number) => atOnce(12, (worker) => takeProbe(worker, BUYER, at));
    const taken = async (at: number) => (await tries(at)).filter(Boolean).length;
    const later = NOW + BREAKER.openFor;
    expect(await taken(later - 1)).toBe(0);
    expect(await taken(later)).toBe(1);
    expect(await taken(later + BREAKER.probe - 1)).toBe(0);
    expect(await taken(later + BREAKER.probe)).toBe(1);
  });

  test('of its posts is separate from that of its pings: good answers to one do not count for the other', async () => {
    const posts = circuitId(BUYER, 'posts');
    await atOnce(BREAKER.failures, (worker) => fails(worker, { id: posts }));
    await atOnce(BREAKER.failures, (worker) => answers(worker));
    expect(await circuit()).toBeUndefined();
    expect((await readCircuits(workers[1] as Database)).get(posts)).toMatchObject({
      until: NOW + BREAKER.openFor,
    });
    const later = NOW + BREAKER.openFor;
    expect((await atOnce(12, (worker) => takeProbe(worker, posts, later))).filter(Boolean)).toHaveLength(1);
    await atOnce(1, (worker) => answers(worker, { id: posts, now: later }));
    expect((await readCircuits(workers[1] as Database)).size).toBe(0);
  });

  test('closes for all workers with a successful probe', async () => {
    await atOnce(BREAKER.failures, (worker) => fails(worker));
    const later = NOW + BREAKER.openFor;
    await atOnce(3, (worker) => takeProbe(worker, BUYER, later));
    expect(circuitState((await circuit()) ?? { failures: 0, opens: 0 }, later)).toBe('open');
    await atOnce(1, (worker) => answers(worker, { now: later }));
    expect(await circuit()).toBeUndefined();
  });
});
