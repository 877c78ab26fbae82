import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FinishedLead } from '../../src/market/wording/story.js';
import { MOST_ROUNDS_OF_LIFE, type WaitUpdate } from '../../src/market/waiting/waiting.js';
import type { CampaignDocument, LeadDocument } from '../../src/store/documents.js';
import { factsOf, findStoredLead } from '../../src/store/leads/leads.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { LEAD_WORKFLOW, MARKET_CHANGED_SIGNAL, workflowId } from '../../src/temporal/names.js';
import { notifyWithdrawn } from '../../src/temporal/leadWorkflowClient.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { minutes, storeLead, storeMarket } from '../support/market.js';
import { workflowBundle } from '../support/stack.js';
import { endOf, hasHandledSignals, openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';
import type { Carried } from '../../workflows/nextRun.js';

const DAY = minutes(24 * 60);
/** Sizes of the groups of concurrent changes, in turn. */
const AT_ONCE = [3, 1];
/**
 * More market changes than one run takes, even on a busy machine where one workflow task handles several of them. Two such
 * groups add at least 18 events to a history.
 */
const MORE_THAN_A_RUN = 480;
/** Fewer changes that are more bytes than one run takes. */
const LARGE = { times: 16, bytes: 400_000 };
/** A run may exceed the limit a little, until the step in progress is done. */
const LONGEST_RUN = 2100;

describe('a lead that waits for months under a market that changes every few minutes', () => {
  let world: LeadWorld;
  let northwind: FakeBuyer;
  let crm: FakeBuyer;
  let campaign: CampaignDocument;
  let lead: LeadDocument;
  let firstRun: string | undefined;
  let handle: WorkflowHandle<() => Promise<FinishedLead>>;

  beforeAll(async () => {
    world = await openLeadWorld();
    [northwind, crm] = await Promise.all([startBuyer(), startBuyer()]);
  });
  afterAll(async () => {
    await Promise.all([northwind.close(), crm.close()]);
    await world.close();
  });

  beforeEach(async () => {
    northwind.answer('ping', { status: 204 });
    const { database } = world;
    const pending = { retryAfter: [], expireAfter: 300 * DAY };
    campaign = await storeMarket(database, { northwind: { server: northwind } }, { pending });
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks: [crm.url] } });
    lead = await storeLead(database, campaign);
    const submitted = await world.submit(lead);
    expect(submitted.answer.status).toBe('pending');
    firstRun = (await submitted.handle.describe()).runId;
    handle = world.client.workflow.getHandle(workflowId(lead._id));
  });
  afterEach(async () => {
    const collections = await world.database.db.collections();
    await Promise.all(collections.map((collection) => collection.deleteMany({})));
    crm.received.length = 0;
  });

  /**
   * Sends this number of market changes, each with additional bytes. Each one schedules another round at another time; the earliest is on that day and
   * comes first or last.
   */
  async function changeMarket(
    { times, bytes = 0 }: { times: number; bytes?: number },
    soonest: { day: number; comes: 'first' | 'last' },
  ): Promise<void> {
    const at = lead.receivedAt.getTime() + soonest.day * DAY;
    const padding = 'x'.repeat(bytes);
    const news = (i: number): WaitUpdate & { padding: string } => {
      const later = soonest.comes === 'last' ? times - 1 - i : i;
      return { changes: [{ at: at + minutes(later), what: 'opening' }], padding };
    };
    // Some are concurrent, so that some also arrive during continue-as-new.
    for (let i = 0, group = 0; i < times; group += 1) {
      const size = Math.min(AT_ONCE[group % AT_ONCE.length] ?? 1, times - i);
      const some = Array.from({ length: size }, (_, more) => news(i + more));
      i += size;
      await Promise.all(some.map((one) => handle.signal(MARKET_CHANGED_SIGNAL, one)));
      await hasHandledSignals(handle);
    }
  }

  const isDueOn = (day: number) =>
    expect
      .poll(() => world.database.leads.findOne({ _id: lead._id }), { timeout: 20_000 })
      .toMatchObject({ status: 'pending', dueAt: new Date(lead.receivedAt.getTime() + day * DAY) });

  /** The histories of all runs in order. */
  async function historiesOf() {
    const { client } = world;
    let runId: string | null | undefined = firstRun;
    const histories = [];
    while (runId) {
      const history = await client.workflow.getHandle(workflowId(lead._id), runId).fetchHistory();
      histories.push(history);
      runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return histories;
  }

  async function withdrawNow(): Promise<void> {
    await withdraw(world.database, lead._id);
    await notifyWithdrawn(world.client, lead._id);
    expect(await handle.result()).toMatchObject({ status: 'withdrawn' });
  }

  const toldOf = (): string[] => crm.received.map(({ type }) => type);
  const end = () => world.clock.passUntil(endOf(handle), { step: 1000, grows: true, most: 400 * DAY });

  test(
    'continues as new with short histories, keeps its state, and is sold in the end',
    { timeout: 120_000 },
    async () => {
      await changeMarket({ times: 2 * MORE_THAN_A_RUN }, { day: 200, comes: 'last' });
      await isDueOn(200);
      northwind.answer('ping', { body: { bid: 45 } });
      await end();
      const result = await handle.result();
      expect(result).toMatchObject({ status: 'sold', rounds: [{ round: 1 }, { round: 2 }] });
      expect(result.story).toBe('Sold to northwind at $45.00 in round 2, 200 days after it was received.');
      expect(toldOf()).toEqual(['lead.pending', 'lead.sold']);

      const histories = await historiesOf();
      expect(histories.length).toBeGreaterThan(2);
      for (const { events } of histories) expect(events?.length).toBeLessThan(LONGEST_RUN);
      const replayed = [];
      const options = { workflowBundle: { codePath: workflowBundle() } };
      const named = histories.map((history, i) => ({ workflowId: `run ${i}`, history }));
      for await (const { error } of Worker.runReplayHistories(options, named)) replayed.push(error);
      expect(replayed).toEqual(histories.map(() => undefined));
    },
  );

  test(
    'keeps market changes from an earlier run, and can be withdrawn in the next',
    { timeout: 120_000 },
    async () => {
      await changeMarket(LARGE, { day: 250, comes: 'first' });
      await isDueOn(250);
      await withdraw(world.database, lead._id);
      await notifyWithdrawn(world.client, lead._id);
      expect(await handle.result()).toMatchObject({ status: 'withdrawn' });
      expect(toldOf()).toEqual(['lead.pending', 'lead.withdrawn']);
      expect((await handle.describe()).runId).not.toBe(firstRun);
    },
  );

  describe('whose postback is not delivered', () => {
    beforeAll(() => crm.answer('lead.pending', { status: 503 }));

    test('still sends it in the next run', { timeout: 120_000 }, async () => {
      await changeMarket(LARGE, { day: 250, comes: 'last' });
      await isDueOn(250);
      expect((await handle.describe()).runId).not.toBe(firstRun);
      const [first] = crm.of('lead.pending');
      crm.answer('lead.pending', {});
      const tries = crm.of('lead.pending').length;
      await world.clock.passTo((await world.clock.now()) + minutes(120));
      await expect.poll(() => crm.of('lead.pending').length, { timeout: 10_000 }).toBe(tries + 1);
      const ids = new Set(crm.of('lead.pending').map(({ headers }) => headers['webhook-id']));
      expect([...ids]).toEqual([first?.headers['webhook-id']]);
    });
  });

  test('ends with a reason after its maximum number of rounds', async () => {
    const { client, database, taskQueue } = world;
    await withdrawNow();
    crm.received.length = 0;
    const contract = `${campaign._id}/fabrikam`;
    const at = new Date();
    const sale = { postId: 'post-1', round: 1, buyer: 'fabrikam', exclusive: true, price: 4500, earns: 4000 };
    const { _id, receivedAt } = await storeLead(database, campaign, {
      lastRound: MOST_ROUNDS_OF_LIFE - 2,
      claims: { [contract]: { ...sale, status: 'returned', at } },
      returns: [{ contract, buyer: 'fabrikam', reason: 'duplicate', at, amount: 4000 }],
    });
    const carried: Carried = {
      lastRound: {
        number: MOST_ROUNDS_OF_LIFE - 2,
        at: receivedAt.getTime(),
        changes: [],
        terms: { pending: { retryAfter: [minutes(1)], expireAfter: 300 * DAY } },
      },
      reason: 'no_bid',
      notified: 'pending',
      addresses: 1,
      isClaimedElsewhere: false,
      news: { changes: [] },
      isWoken: false,
      isWithdrawn: false,
      isGivenBack: false,
      notifications: [],
    };
    await database.campaigns.updateOne(
      { _id: campaign._id },
      { $set: { 'pending.retryAfter': [minutes(1)] } },
    );
    const facts = { ...factsOf(lead), leadId: _id, receivedAt: receivedAt.getTime() };
    handle = await client.workflow.start(LEAD_WORKFLOW, {
      workflowId: workflowId(_id),
      taskQueue,
      args: [facts, carried],
    });
    await end();
    expect(await handle.result()).toMatchObject({
      status: 'expired',
      story: expect.stringMatching(
        /^Sold to fabrikam at \$45\.00 in round 1\. Given back by fabrikam \(duplicate\) on .* UTC\. Expired unsold 2 min after .* in the last: too many rounds\.$/,
      ) as string,
      rounds: [{ round: MOST_ROUNDS_OF_LIFE - 1 }, { round: MOST_ROUNDS_OF_LIFE }],
    });
    expect(await findStoredLead(database, _id)).toMatchObject({
      status: 'expired',
      reason: 'too_many_rounds',
      lastRound: MOST_ROUNDS_OF_LIFE,
    });
    expect(northwind.of('ping').filter(({ body }) => Number(body.round) > 2)).toHaveLength(2);
    expect(toldOf()).toEqual(['lead.expired']);
    expect(crm.received[0]?.body).toMatchObject({ reason: 'too_many_rounds' });
  });
});
