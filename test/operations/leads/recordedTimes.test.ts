import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readLeadDetails } from '../../../src/operations/leads/leadDetails.js';
import { buyerDocument, contractDocument, storeLead } from '../../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../../support/steps.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const MS = expect.any(Number) as number;

describe('The details of a lead have', () => {
  const contract = 'ACME1234/auto-insurance/northwind';
  let world: StepsWorld;
  let leadId: string;
  beforeAll(async () => {
    world = await openStepsWorld({ ping: { body: { bid: 45 } } });
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.northwind.answer('post', { body: { accepted: true } });
    ({ _id: leadId } = await storeLead(world.database, world.campaign));
  });

  const details = async () => {
    const found = await readLeadDetails(world.database, leadId, { personal: false });
    if (found === undefined) throw new Error(`There is no lead ${leadId}`);
    return found;
  };
  const round = () => world.steps.runRound({ leadId, now: Date.now() });

  test('the attempt of a post that is accepted at once, and the end of the lead with its sale', async () => {
    expect(await round()).toMatchObject({ status: 'sold' });
    const { posts, sales, ended_at: endedAt } = await details();
    expect(posts).toMatchObject([
      { status: 'accepted', attempts: [{ sent_at: TIME, answered_at: TIME, ms: MS, outcome: 'accepted' }] },
    ]);
    expect(posts[0]?.attempts).toHaveLength(1);
    expect(endedAt).toBe(sales[0]?.at);
  });

  test('each attempt of a post that is refused in the end, with its answer', async () => {
    world.northwind.answer('post', [{ status: 503 }, { body: { accepted: false, reason: 'too old' } }]);
    expect(await round()).toMatchObject({ status: 'uncertain' });
    expect((await details()).posts).toMatchObject([
      { status: 'posting', attempts: [{ outcome: 'uncertain', detail: 'HTTP 503' }] },
    ]);
    expect(await world.steps.sellLead(saleOf(leadId))).toMatchObject({ answer: 'refused' });
    const { posts, ended_at: endedAt } = await details();
    const [first, second] = posts[0]?.attempts ?? [];
    expect(posts[0]?.attempts).toHaveLength(2);
    expect(first).toMatchObject({ outcome: 'uncertain', detail: 'HTTP 503' });
    expect(second).toMatchObject({ outcome: 'refused', detail: undefined });
    expect(Date.parse(second?.sent_at ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.sent_at ?? ''));
    expect(endedAt).toBeUndefined();
  });

  test('the full limit of a contract that was not asked, and the version of the market', async () => {
    const { database } = world;
    await database.buyers.insertOne(buyerDocument('fabrikam', world.northwind));
    const capped = contractDocument(world.campaign._id, 'fabrikam', { price: 2000, caps: { day: 3 } });
    await database.contracts.insertOne(capped);
    await database.applies.updateOne({ _id: 'market' }, { $set: { times: 41 } }, { upsert: true });
    const day = new Date().toISOString().slice(0, 10);
    await database.usage.insertOne({ _id: capped._id, sold: { [`day:${day}`]: 3 } });
    await round();
    const [shown] = (await details()).rounds;
    expect(shown).toMatchObject({ market_version: 41, decided_after_ms: MS });
    expect(shown?.contracts).toMatchObject([
      { contract, outcome: 'sold', sent_after_ms: MS },
      {
        ...{ contract: capped._id, outcome: 'capped' },
        limit: { of: 'leads', period: 'day', used: 3, most: 3, resets_at: TIME },
      },
    ]);
    await Promise.all([database.contracts.deleteOne(capped), database.usage.deleteMany({})]);
  });

  test('the budget that the reservation met, with amounts in the currency', async () => {
    await world.database.contracts.updateOne({ _id: contract }, { $set: { budget: { total: 5000 } } });
    await world.database.usage.insertOne({ _id: contract, spent: { total: 2000 } });
    await round();
    const [shown] = (await details()).rounds;
    expect(shown?.contracts).toMatchObject([
      { outcome: 'over_budget', limit: { of: 'budget', period: 'total', used: 20, most: 50 } },
    ]);
    await world.database.contracts.updateOne({ _id: contract }, { $unset: { budget: '' } });
    await world.database.usage.deleteMany({});
  });

  test('none of them in a lead of an earlier release', async () => {
    const at = new Date();
    const old = await storeLead(world.database, world.campaign, {
      ...{ status: 'sold', price: 4500, buyerIds: ['northwind'], claimed: 1, claimedAlone: true },
      claims: {
        [contract]: {
          ...{ postId: 'p', status: 'accepted', round: 1, buyer: 'northwind', at, endedAt: at },
          ...{ exclusive: true, price: 4500, earns: 4500 },
        },
      },
    });
    leadId = old._id;
    const { posts, ended_at: endedAt } = await details();
    expect(posts).toMatchObject([{ status: 'accepted', attempts: [] }]);
    expect(endedAt).toBeUndefined();
  });
});
