import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scenario } from '../scenarios/runner/schema.js';
import { handleOf, runScenario, type Run } from '../scenarios/runner/runScenario.js';
import { readLeadDetails } from '../../src/operations/leads/leadDetails.js';
import type { WaitUpdate } from '../../src/market/waiting/waiting.js';
import { factsOf } from '../../src/store/leads/leads.js';
import { MARKET_CHANGED_SIGNAL, searchAttributes, WITHDRAW_UPDATE } from '../../src/temporal/names.js';
import {
  endOf,
  hasHandledSignals,
  openLeadWorld,
  taskIsOver,
  type LeadWorld,
} from '../support/timeSkipping.js';

let world: LeadWorld;

beforeAll(async () => {
  world = await openLeadWorld();
});

afterAll(async () => {
  await world.close();
});

type Handle = ReturnType<typeof handleOf>;

/** Runs a scenario and inspects the workflow of its lead at the end. */
const afterLife = <T>(scenario: Omit<Scenario, 'name'>, look: (handle: Handle, run: Run) => Promise<T>) =>
  runScenario(world, { name: 'one life', ...scenario }, async (_, run) => {
    const handle = handleOf(world, run);
    await taskIsOver(handle);
    return look(handle, run);
  });

const NOBODY_BIDS = { ping: { status: 204 } };
/** The scenario stops here while the lead waits. */
const STILL_WAITING = { ends: 'pending' };

const soldAtOnce: Omit<Scenario, 'name'> = {
  contracts: { northwind: {}, fabrikam: { price: 12.5 } },
  answers: { northwind: { ping: { bid: 45 } } },
  expect: {},
};

const waiting: Omit<Scenario, 'name'> = {
  campaign: { pending: { retryAfter: ['1h'], expireAfter: '72h' } },
  contracts: { northwind: {}, fabrikam: { price: 12.5, delay: '30m' } },
  answers: { northwind: NOBODY_BIDS },
  expect: STILL_WAITING,
};

test('A lead that sells in its first round takes one workflow task and few events', async () => {
  const events = await afterLife(soldAtOnce, async (handle) => {
    const { events } = await handle.fetchHistory();
    return (events ?? []).map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')));
  });
  expect(events.filter((kind) => kind === 'workflowTaskCompletedEventAttributes')).toHaveLength(1);
  expect(events.length).toBeLessThanOrEqual(8);
});

test('A lead that waits three days with retries, a delay and a schedule is sold when the schedule opens, within seconds of real time', async () => {
  const began = performance.now();
  const schedule = { timezone: 'America/Chicago', open: ['Thu 21:00-22:00'] };
  const result = await afterLife(
    {
      starts: '2027-06-07 21:00 America/Chicago',
      campaign: { pending: { retryAfter: ['1h', '12h'], expireAfter: '96h' } },
      contracts: { northwind: {}, fabrikam: { price: 2, delay: '20h', schedule } },
      answers: { northwind: NOBODY_BIDS },
      expect: {},
    },
    (handle) => handle.result(),
  );
  expect(result).toMatchObject({ status: 'sold', rounds: { length: 9 } });
  expect(result.story).toBe('Sold to fabrikam at $2.00 in round 9, 3 days after it was received.');
  const hours = (Date.parse(result.ended) - Date.parse(result.received)) / 3_600_000;
  expect(hours).toBeCloseTo(72, 1);
  // Well under a second on an idle machine.
  expect(performance.now() - began).toBeLessThan(20_000);
});

test('The memo of a waiting lead shows its next event, the time, and the result of the last round', async () => {
  const { memo, received } = await afterLife(waiting, async (handle, run) => ({
    memo: (await handle.describe()).memo,
    received: run.leads.get('lead')?.document.receivedAt ?? new Date(0),
  }));
  expect(memo).toMatchObject({
    lead: {
      status: 'pending',
      waitsFor: 'its next round, when a contract’s delay has ended',
      until: inUtc(received.getTime() + 1_800_000),
      lastRound: {
        round: 1,
        buyers: {
          northwind: expect.stringMatching(/^no bid \(\d+ ms\)$/) as unknown,
          fabrikam: expect.stringMatching(/^not yet: offered from /) as unknown,
        },
      },
    },
  });
});

test('Ops find leads by status, seller, category, state and round while they wait', async () => {
  const found = await afterLife(waiting, async (handle) => (await handle.describe()).typedSearchAttributes);
  const { status, seller, category, state, round, price } = searchAttributes;
  expect([status, seller, category, state, round, price].map((key) => found.get(key))).toEqual([
    'pending',
    'ACME1234',
    'Auto Insurance',
    'TX',
    1,
    undefined,
  ]);
});

test('Ops find sold leads by price and buyer', async () => {
  const found = await afterLife(
    soldAtOnce,
    async (handle) => (await handle.describe()).typedSearchAttributes,
  );
  const { status, round, price, buyers } = searchAttributes;
  expect([status, round, price, buyers].map((key) => found.get(key))).toEqual(['sold', 1, 45, ['northwind']]);
});

test('The memo of a lead that waited shows the final outcome', async () => {
  const memo = await afterLife({ ...waiting, expect: {} }, async (handle) => (await handle.describe()).memo);
  expect(memo).toEqual({
    lead: { status: 'sold', story: 'Sold to fabrikam at $12.50 in round 2, 30 min after it was received.' },
  });
});

test('The result of a finished lead describes each round', async () => {
  const result = await afterLife(
    {
      contracts: { northwind: {}, fabrikam: {}, contoso: { price: 12.5 } },
      answers: {
        northwind: { ping: { bid: 45 }, post: { accepted: false, reason: 'duplicate' } },
        fabrikam: { ping: { status: 500 } },
      },
      expect: {},
    },
    (handle) => handle.result(),
  );
  expect(result.status).toBe('sold');
  expect(result.rounds).toMatchObject([
    {
      round: 1,
      buyers: {
        contoso: 'sold at $12.50',
        fabrikam: expect.stringMatching(/^http error \(\d+ ms\): HTTP 500$/) as unknown,
        northwind: expect.stringMatching(/^refused at \$45.00 \(\d+ ms\): duplicate$/) as unknown,
      },
    },
  ]);
});

test('Timers and activities have summaries that name their reason and their buyer', async () => {
  const summaries = await afterLife(
    {
      campaign: { pending: { retryAfter: ['1h'], expireAfter: '90m' } },
      contracts: { northwind: {} },
      answers: { northwind: { ping: { bid: 45 }, post: { status: 503 } } },
      expect: {},
    },
    async (handle) => {
      const { events } = await handle.fetchHistory();
      return (events ?? []).flatMap(({ userMetadata }) => textOf(userMetadata?.summary));
    },
  );
  expect(summaries).toEqual([
    'Auto Insurance · TX · ACME1234',
    'northwind gave no clear answer (HTTP 503): the post is sent again',
    'post to northwind at $45.00',
    'tell northwind that the post is called off',
    expect.stringMatching(/^until \S+ \S+ UTC: waits for its next retry · unsold: uncertain/),
    expect.stringMatching(
      /^until \S+ \S+ UTC: waits for its expiry: no round is left before it · unsold: uncertain/,
    ),
  ]);
});

/** `2026-11-24 23:13:55 UTC` */
const inUtc = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function textOf(payload: Payload | null | undefined): unknown[] {
  return payload ? [defaultPayloadConverter.fromPayload(payload)] : [];
}

test('A waiting lead notified of an earlier time waits for it instead, without a round and with few events', async () => {
  const { database } = world;
  await afterLife(waiting, async (handle, run) => {
    const lead = run.leads.get('lead')?.document;
    if (!lead) throw new Error('The scenario has no lead');
    const eventsNow = async () => (await handle.fetchHistory()).events?.length ?? 0;
    /** Signals the workflow and waits until it has handled the signal. */
    const tell = async (minutes: number) => {
      const at = lead.receivedAt.getTime() + minutes * 60_000;
      const news: WaitUpdate = { changes: [{ at, what: 'opening' }] };
      const before = await eventsNow();
      await handle.signal(MARKET_CHANGED_SIGNAL, news);
      await hasHandledSignals(handle);
      return { at, events: (await eventsNow()) - before };
    };
    const sooner = await tell(20);
    await expect
      .poll(() => database.leads.findOne({ _id: lead._id }))
      .toMatchObject({ dueAt: new Date(sooner.at) });
    await expect
      .poll(async () => (await handle.describe()).memo)
      .toMatchObject({ lead: { until: inUtc(sooner.at) } });
    expect(await readLeadDetails(database, lead._id, { personal: false })).toMatchObject({
      rounds: { length: 1 },
      waits_for: { until: new Date(sooner.at).toISOString() },
    });
    // Later than its current timer: only the signal, the update, and their workflow tasks.
    expect((await tell(25)).events).toBeLessThanOrEqual(7);
    expect(sooner.events).toBeLessThanOrEqual(12);
  });
});

test('The update that withdraws a waiting lead returns withdrawn, and its story shows it', async () => {
  const result = await afterLife(waiting, async (handle) => {
    expect(await handle.executeUpdate(WITHDRAW_UPDATE)).toEqual({ status: 'withdrawn' });
    return handle.result();
  });
  expect(result.story).toMatch(/^Withdrawn .* after it was received, after 1 round\.$/);
});

test('A lead’s workflow id contains the lead’s id, and its summary describes the lead', async () => {
  await afterLife(soldAtOnce, async (handle, run) => {
    const description = await handle.describe();
    expect(description.workflowId).toBe(`lead-${run.leads.get('lead')?.document._id}`);
    expect(await description.staticSummary()).toBe('Auto Insurance · TX · ACME1234');
  });
});

describe('The result of a returned lead', () => {
  const returned: Omit<Scenario, 'name'> = {
    contracts: { northwind: { price: 45, returns: { within: '7d', reasons: ['wrong_number'] } } },
    then: [{ after: '1h', return: { lead: 'lead', by: 'northwind', reason: 'wrong_number' } }],
    expect: { ends: 'returned' },
  };
  const GIVEN_BACK_WORDS =
    /^Sold to northwind at \$45\.00 in round 1\. Given back by northwind \(wrong_number\) on \S+ \S+ UTC\. /;

  test('names the buyer, the return with its reason and time, and the rounds of the earlier run', async () => {
    const { result, found } = await afterLife(returned, async (handle) => ({
      result: await handle.result(),
      found: (await handle.describe()).typedSearchAttributes,
    }));
    expect(result).toMatchObject({
      status: 'returned',
      story: expect.stringMatching(GIVEN_BACK_WORDS) as string,
      rounds: [{ round: 1, buyers: { northwind: 'sold at $45.00' } }],
    });
    expect(result.story).toMatch(/The seller earns nothing\.$/);
    const { status, round, price, buyers } = searchAttributes;
    expect([status, round, price, buyers].map((key) => found.get(key))).toEqual([
      'returned',
      1,
      0,
      undefined,
    ]);
  });

  test('names the remaining buyers and the remaining price after a partial refund', async () => {
    const shared = await afterLife(
      {
        ...returned,
        campaign: { sale: { mode: 'shared', maxBuyers: 2 } },
        contracts: { northwind: { price: 45, returns: { within: '7d' } }, fabrikam: { price: 20 } },
        then: [{ after: '1h', return: { lead: 'lead', by: 'northwind', reason: 'wrong_number' } }],
        expect: { ends: 'sold' },
      },
      async (handle) => (await handle.result()).story,
    );
    // A reason of several words that is not in the contract is the buyer's own.
    expect(shared).toMatch(
      /Given back by northwind \(in its own words\) on .*\. Stays sold to fabrikam at \$20\.00\.$/,
    );
    const part = await afterLife(
      { ...returned, contracts: { northwind: { price: 45, returns: { within: '7d', refund: 50 } } } },
      async (handle) => (await handle.result()).story,
    );
    expect(part).toMatch(/The seller keeps \$22\.50\.$/);
  });

  test('is in its memo while it is on sale again, and then its second sale', async () => {
    const resold: Omit<Scenario, 'name'> = {
      campaign: { pending: { retryAfter: ['1h'], expireAfter: '72h' } },
      contracts: {
        northwind: { price: 45, returns: { within: '7d', reasons: ['wrong_number'], resell: true } },
        fabrikam: { price: 20, delay: '2h' },
      },
      then: [
        { after: '1h', return: { lead: 'lead', by: 'northwind', reason: 'wrong_number' } },
        { after: '70m' },
      ],
      expect: { ends: 'pending' },
    };
    const memo = await afterLife(resold, async (handle) => (await handle.describe()).memo);
    const story = expect.stringMatching(GIVEN_BACK_WORDS) as string;
    expect(memo).toMatchObject({ lead: { status: 'pending', story } });
    const result = await afterLife({ ...resold, expect: { ends: 'sold' } }, (handle) => handle.result());
    expect(result).toMatchObject({
      status: 'sold',
      story,
      rounds: [{ round: 1 }, { round: 2 }, { round: 3 }],
    });
    expect(result.story).toMatch(/Sold to fabrikam at \$20\.00 in round 3, 2 h after it was received\.$/);
  });
});

test('The result of a withdrawn lead names who withdrew it', async () => {
  const result = await afterLife(
    { ...waiting, then: [{ after: '5m', withdraw: 'lead' }], expect: { ends: 'withdrawn' } },
    (handle) => handle.result(),
  );
  expect(result.story).toMatch(/^Withdrawn by its seller 5 min after it was received, after 1 round\.$/);
});

test('A workflow that is started again after termination shows all earlier rounds', async () => {
  const story = await afterLife(
    {
      campaign: { pending: { retryAfter: ['10m'], expireAfter: '72h' } },
      contracts: { northwind: {}, fabrikam: { price: 12.5, delay: '30m' } },
      answers: { northwind: { ping: { bid: 45 }, post: { accepted: false, reason: 'duplicate' } } },
      then: [{ after: '15m' }],
      expect: STILL_WAITING,
    },
    async (handle, run) => {
      const lead = run.leads.get('lead')?.document;
      if (!lead) throw new Error('The scenario has no lead');
      await handle.terminate();
      await world.start(factsOf(lead));
      const again = handleOf(world, run);
      await world.clock.passUntil(endOf(again), { step: 60_000, grows: true, most: 86_400_000 });
      return again.result();
    },
  );
  expect(story.rounds.at(0)).toMatchObject({
    round: 1,
    buyers: { northwind: expect.stringMatching(/^refused at \$45\.00/) as string },
  });
  expect(story.story).toMatch(/^Sold to fabrikam at \$12\.50 in round /);
});
