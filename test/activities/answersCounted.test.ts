import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { circuitId } from '../../src/market/limits/circuitBreaker.js';
import { answersOfLastDay, flushAnswers } from '../../src/store/fairness/answers.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

describe('a buyer whose answers cannot be used', () => {
  const logged: Record<string, unknown>[] = [];
  let world: StepsWorld;
  beforeAll(async () => {
    const write = (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>);
    world = await openStepsWorld({}, createLog({ LOG_LEVEL: 'info' }, 'test', { write }));
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    logged.length = 0;
    await flushAnswers(world.database);
    await world.database.answers.deleteMany({});
    await world.database.circuits.deleteMany({});
  });

  const aLead = async (test = false): Promise<string> =>
    (await storeLead(world.database, world.campaign, { test }))._id;
  const ping = async (leadId: string): Promise<void> => {
    await world.steps.startRound({ leadId, number: 1, now: Date.now() });
  };
  const counted = async () => {
    await flushAnswers(world.database);
    return (await answersOfLastDay(world.database, Date.now())).get('northwind');
  };
  const warnings = () => logged.filter(({ level }) => level === 'warn');
  const failures = async (id: string) => (await world.database.circuits.findOne({ _id: id }))?.failures ?? 0;

  test('is counted by reason and detail, and a 4xx answer is not a failure', async () => {
    world.northwind.answer('ping', [
      { body: { bid: 31 } },
      { body: { bid: null } },
      { body: { bid: '45.00' } },
      { status: 401 },
      { after: 700, body: { bid: 31 } },
    ]);
    for (let i = 0; i < 4; i += 1) await ping(await aLead());
    await ping(await aLead(true));
    expect(await counted()).toMatchObject({
      ...{ pings: 5, bids: 1, posts: 0 },
      faults: [
        {
          ...{ of: 'pings', reason: 'invalid_response', count: 1 },
          last: { detail: 'bid is a string ("45.00"); send a number without quotes' },
        },
        { reason: 'no_by_status', count: 1, last: { detail: 'HTTP 401' } },
        { reason: 'timeout', count: 1, last: { detail: 'no answer within 500 ms' } },
      ],
    });
    const tests = await world.database.answers.find({ test: true }).toArray();
    expect(tests).toMatchObject([{ pings: 1, slips: { pings: { timeout: { count: 1 } } } }]);
  });

  test('is logged with the detail at half of the failures and when its circuit opens', async () => {
    world.northwind.answer('ping', { raw: '<html>' });
    for (let i = 1; i <= 10; i += 1) {
      await ping(await aLead());
      await expect.poll(() => failures('northwind')).toBe(i);
    }
    await expect.poll(warnings).toHaveLength(2);
    const why = {
      ...{ buyer: 'northwind', of: 'pings' },
      ...{ reason: 'invalid_response', detail: 'not JSON: an HTML page' },
    };
    expect(warnings()).toMatchObject([
      { event: 'buyer_failing', ...why, failures: 5 },
      { event: 'circuit_opened', ...why, failures: 10, until: expect.any(String) as string },
    ]);
  });

  test('is counted for each post attempt, while the circuit counts only the first attempt of a lead', async () => {
    world.northwind.answer('post', [
      { body: { accepted: 'true' } },
      { status: 503 },
      { body: { accepted: true } },
    ]);
    const leadId = await aLead();
    for (let i = 0; i < 3; i += 1) await world.steps.sellLead(saleOf(leadId));
    await expect.poll(() => failures(circuitId('northwind', 'posts'))).toBe(0);
    expect(await counted()).toMatchObject({
      ...{ posts: 3, accepted: 1 },
      faults: [{ of: 'posts', reason: 'uncertain', count: 2, last: { detail: 'HTTP 503' } }],
    });
  });
});
