import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBuyer, type FakeBuyer, type Received } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { PERSON, sendLead, type Source } from '../support/source.js';
import { openTcpProxy, throughProxy, type TcpProxy } from '../support/tcpProxy.js';
import { becomesSold, postsOf, wasSoldOnce } from './soldOnce.js';
import { openFaultWorld, type FaultWorld } from './world.js';

/** One lead of a separate campaign with two bids: 45.00 and 40.00. */
interface Case {
  category: string;
  leadId: string;
  winner: string;
  best: FakeBuyer;
  second: FakeBuyer;
}

/**
 * Five leads in one worker, each held at a different point, and then the worker is killed. When Temporal gives their tasks
 * to the next worker 10 s later, the second buyer would outbid the first by far.
 */
describe('a worker is killed with leads in progress', () => {
  const cases = new Map<string, Case>();
  let world: FaultWorld;
  let source: Source;
  let mongodb: TcpProxy;
  const releases: (() => void)[] = [];

  beforeAll(async () => {
    world = await openFaultWorld();
    mongodb = await openTcpProxy(world.settings.MONGODB_URL);
    const throughGate = { ...world.settings, MONGODB_URL: throughProxy(world.settings.MONGODB_URL, mongodb) };
    const [api, worker] = await Promise.all([world.apiHere(), world.processes.worker(throughGate)]);
    source = { address: api.address, key: world.key };

    await Promise.all([
      held('asked', ({ second }) => holdAlsoRetry('request', 'rounds.1', second)),
      held('claimed', ({ second }) => holdAlsoRetry('answer', 'rounds.1', second)),
      held('posted', (_contracts, { best }) => isPosted(best)),
      held('accepted', ({ best }) => holdAlsoRetry('request', 'bulkWrite', `claims.${best}`)),
      held('booked', () => holdAlsoRetry('answer', 'commitTransaction')),
    ]);
    await worker.kill();
    expect(await standings()).toEqual({
      asked: [0],
      claimed: [1, 'posting'],
      posted: [1, 'posting'],
      accepted: [1, 'posting'],
      booked: [1, 'accepted'],
    });
    for (const { second } of cases.values()) second.answer('ping', { body: { bid: 99 } });
    await world.workerHere();
  });

  afterAll(async () => {
    for (const release of releases) release();
    await Promise.all([...cases.values()].flatMap(({ best, second }) => [best.close(), second.close()]));
    await world.close();
    await mongodb.close();
  });

  /** Holds also the retry: the worker's driver repeats a request that has no answer after 5 s. */
  async function holdAlsoRetry(...request: Parameters<TcpProxy['hold']>): Promise<void> {
    await mongodb.hold(...request);
    void mongodb.hold(...request);
  }

  /**
   * Sends a lead and waits until it is held at its point. Its source does not wait for an answer, because what is left of
   * the answer window would limit the pings: on a busy machine the best buyer would miss it.
   */
  async function held(
    name: string,
    hold: (contracts: { best: string; second: string }, buyers: Case) => Promise<void>,
  ): Promise<void> {
    const best = await startBuyer({ ping: { body: { bid: 45 } } });
    const second = await startBuyer({ ping: { body: { bid: 40 } } });
    const winner = `${name}-best`;
    const campaign = await storeMarket(
      world.database,
      {
        [winner]: { server: best, pingTimeoutMs: 3000, postTimeoutMs: 30_000 },
        [`${name}-second`]: { server: second, pingTimeoutMs: 3000 },
      },
      { category: name },
    );
    const kept: Case = { category: name, leadId: '', winner, best, second };
    cases.set(name, kept);
    const holds = hold({ best: `${campaign._id}/${winner}`, second: `${campaign._id}/${name}-second` }, kept);
    const reply = await sendLead(source, name, PERSON, { prefer: 'respond-async' });
    expect(reply.body).toMatchObject({ success: true, status: 'pending' });
    kept.leadId = String(reply.body.lead_id);
    await holds;
  }

  /** The number of rounds and the states of the claims, by lead. */
  async function standings(): Promise<Record<string, unknown[]>> {
    const leads = await world.database.leads.find().toArray();
    return Object.fromEntries(
      leads.map(({ category, rounds, claims }) => [
        category,
        [Object.keys(rounds).length, ...Object.values(claims).map(({ status }) => status)],
      ]),
    );
  }

  /** Resolves when the buyer has the first post; its answer waits until the end of the test. */
  function isPosted(buyer: FakeBuyer): Promise<void> {
    const isOver = new Promise<void>((resolve) => releases.push(resolve));
    return new Promise((resolve) => {
      buyer.onRequest = ({ type }: Received) => {
        if (type !== 'post' || buyer.of('post').length > 1) return undefined;
        resolve();
        return isOver;
      };
    });
  }

  it('before the bids were stored: the same pings are sent again, and the best new bid buys', async () => {
    const { best, second, leadId } = caseOf('asked');
    await becomesSold(source, { leadId, buyer: 'asked-second', price: 9900 });
    expect((await world.storyOf(leadId)).status).toBe('sold');
    for (const buyer of [best, second]) {
      const pings = buyer.of('ping').map(({ body }) => body.ping_id);
      expect([pings.length, new Set(pings).size]).toEqual([2, 1]);
    }
    await wasSoldOnce(world.database, {
      leadId,
      buyer: 'asked-second',
      price: 9900,
      server: second,
      others: [best],
    });
  });

  it.each([
    [
      'after the pings, before the post: no buyer is asked again, and the one chosen is sent the lead',
      'claimed',
      1,
    ],
    ['during the post: the post is repeated under its id, and the lead is sold by it', 'posted', 2],
    ['after the buyer’s yes, before the booking: the repeat is booked', 'accepted', 2],
    ['after the booking, before the answer: nothing is sent or booked again', 'booked', 1],
  ])('%s', async (_sentence, name, posts) => {
    const { best, second, leadId, winner } = caseOf(name);
    const sale = { leadId, buyer: winner, price: 4500 };
    await becomesSold(source, sale);
    expect((await world.storyOf(leadId)).status).toBe('sold');
    await wasSoldOnce(world.database, { ...sale, server: best, others: [second] });
    expect(postsOf(best, leadId)).toHaveLength(posts);
    expect([best, second].map((buyer) => buyer.of('ping').length)).toEqual([1, 1]);
  });

  function caseOf(name: string): Case {
    const found = cases.get(name);
    if (found === undefined) throw new Error(`There is no case ${name}`);
    return found;
  }
});
