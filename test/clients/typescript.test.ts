import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ApiError,
  GavelClient,
  InvalidLeadError,
  NoAnswerError,
  RateLimitError,
  type BatchLead,
  type BatchOutcome,
  type GavelClientOptions,
} from '../../clients/typescript/src/index.js';
import { openApiWorld, SAMPLE, type ApiWorld } from '../api/world.js';
import { openFlakyProxy, type FlakyProxy } from './flakyProxy.js';

let world: ApiWorld;
let proxy: FlakyProxy;
beforeAll(async () => {
  world = await openApiWorld();
  proxy = await openFlakyProxy(world.api.address);
  // The client's pauses before other attempts are random: a twentieth of the longest.
  vi.spyOn(Math, 'random').mockReturnValue(0.05);
});
afterAll(async () => {
  vi.restoreAllMocks();
  proxy.close();
  await world.close();
});
beforeEach(() => {
  proxy.faults.length = 0;
  proxy.requests.length = 0;
});

const client = (options: Partial<GavelClientOptions> = {}): GavelClient =>
  new GavelClient({ url: proxy.address, key: world.key, ...options });
const stored = (): Promise<number> => world.database.leads.countDocuments();
const ASYNC = { waitS: 0 };

const UNAVAILABLE = {
  status: 503,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ success: false, error: 'Service unavailable', message: 'Later.' }),
};

describe('the TypeScript client', () => {
  it.each([undefined, ''])('names the missing key before it sends anything: %j', (key) => {
    expect(() => client({ key })).toThrow('The key is missing.');
  });

  it('sends a lead, reads it and withdraws it', async () => {
    const answer = await client().sendLead(SAMPLE, ASYNC);
    expect(answer).toMatchObject({ success: true, status: 'pending' });
    expect(await client().getLead(answer.lead_id)).toMatchObject({
      lead_id: answer.lead_id,
      status: 'pending',
    });
    expect(await client().withdrawLead(answer.lead_id)).toMatchObject({ status: 'withdrawn' });
    expect(proxy.requests[0]?.headers).toMatchObject({ prefer: 'respond-async' });
  });

  it.each<[string, FlakyProxy['faults']]>([
    [
      'its connection breaks before and after the lead has arrived',
      [{ breaks: 'before' }, { breaks: 'after' }],
    ],
    ['the exchange is unavailable', [UNAVAILABLE, UNAVAILABLE]],
    ['a proxy answers with a page', [{ status: 502, body: '<html>Bad Gateway</html>' }]],
  ])('sends a lead again with the same key, and there is one lead, when %s', async (_name, faults) => {
    const before = await stored();
    proxy.faults.push(...faults);
    const tries = faults.length + 1;
    expect(await client().sendLead(SAMPLE, ASYNC)).toMatchObject({ status: 'pending' });
    const keys = proxy.requests.map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size]).toEqual([tries, 1]);
    expect((await stored()) - before).toBe(1);
  });

  it('gives up after its attempts', async () => {
    proxy.faults.push(...Array<FlakyProxy['faults'][number]>(5).fill({ breaks: 'before' }));
    await expect(client({ attempts: 2 }).sendLead(SAMPLE, ASYNC)).rejects.toThrow(NoAnswerError);
    expect(proxy.requests).toHaveLength(2);
  });

  it('waits for as long as Retry-After says, and not if that is too long', async () => {
    const busy = { ...UNAVAILABLE, headers: { ...UNAVAILABLE.headers, 'retry-after': '1' } };
    proxy.faults.push(busy);
    const began = performance.now();
    await client().sendLead(SAMPLE, ASYNC);
    expect(performance.now() - began).toBeGreaterThanOrEqual(999);
    proxy.faults.push(busy);
    await expect(client({ maxWaitMs: 500 }).sendLead(SAMPLE, ASYNC)).rejects.toMatchObject({
      status: 503,
      retryAfterMs: 1000,
    });
  });

  it('names what is wrong with a lead, and does not send it again', async () => {
    const faulty = client().sendLead({ ...SAMPLE, lastName: '' }, ASYNC);
    await expect(faulty).rejects.toThrow(InvalidLeadError);
    await expect(faulty).rejects.toMatchObject({
      status: 400,
      error: 'Missing required field',
      fields: [{ field: 'lastName', problem: 'missing' }],
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    await expect(client({ key: 'gvl_live_x' }).getLead('x')).rejects.toMatchObject({ status: 401 });
    expect(proxy.requests).toHaveLength(2);
  });

  it('reports the rate limit, and what is above it', async () => {
    const own = client({ key: await world.keyFor({ limit: 2 }) });
    await own.sendLead(SAMPLE, ASYNC);
    expect(own.rateLimit).toMatchObject({ limit: 2, remaining: 1 });
    await own.sendLead(SAMPLE, ASYNC);
    const limited = own.sendLead(SAMPLE, ASYNC);
    await expect(limited).rejects.toThrow(RateLimitError);
    await expect(limited).rejects.toMatchObject({ retryAfterMs: expect.any(Number) as number });
  });

  it('stops when its caller aborts', async () => {
    const left = new AbortController();
    proxy.faults.push(...Array<FlakyProxy['faults'][number]>(4).fill({ breaks: 'before' }));
    const sent = client().sendLead(SAMPLE, { ...ASYNC, signal: left.signal });
    left.abort(new Error('not needed'));
    await expect(sent).rejects.toThrow('not needed');
  });
});

describe('leads by the batch', () => {
  const leads = (count: number): BatchLead[] =>
    Array.from({ length: count }, (_, i) => ({ ...SAMPLE, subId: `row ${i}` }));

  async function all(outcomes: AsyncIterable<BatchOutcome>): Promise<BatchOutcome[]> {
    const found: BatchOutcome[] = [];
    for await (const outcome of outcomes) found.push(outcome);
    return found.sort((a, b) => a.index - b.index);
  }

  it('have one outcome each, in requests of up to 1,000', async () => {
    const before = await stored();
    // Most are refused, which takes less time than to store them.
    const sent = leads(1005).map((lead, i) => (i % 20 === 0 ? lead : { ...lead, lastName: '' }));
    const outcomes = await all(client().sendLeads(sent, ASYNC));
    expect(outcomes.map(({ index }) => index)).toEqual(sent.map((_, i) => i));
    const refused = outcomes.flatMap((outcome) =>
      'error' in outcome ? [[outcome.index, outcome.error.error]] : [],
    );
    expect(refused).toEqual(
      sent.flatMap(({ lastName }, i) => (lastName === '' ? [[i, 'Missing required field']] : [])),
    );
    expect(proxy.requests.map(({ body }) => body.trimEnd().split('\n').length)).toEqual([1000, 5]);
    expect((await stored()) - before).toBe(51);
  }, 60_000);

  it('are sent again with their keys when the connection breaks, and none is sold twice', async () => {
    const before = await stored();
    proxy.faults.push({ breaks: 'before' }, { breaks: 'within', afterLines: 5 }, { breaks: 'after' });
    const outcomes = await all(client().sendLeads(leads(20), ASYNC));
    expect(outcomes.map((outcome) => 'answer' in outcome && outcome.answer.status)).toEqual(
      Array(20).fill('pending'),
    );
    const lines = proxy.requests.map(({ body }) => body.trimEnd().split('\n'));
    expect(lines.map(({ length }) => length)).toEqual([20, 20, 15, 15]);
    expect((await stored()) - before).toBe(20);
  });

  it('wait for the next minute when the rate limit is used up', async () => {
    const own = client({ key: await world.keyFor({ limit: 3 }) });
    const waits: number[] = [];
    const left = new AbortController();
    const onWait = (ms: number): void => {
      waits.push(ms);
      left.abort(new Error('waits'));
    };
    const seen: number[] = [];
    const run = (async () => {
      for await (const { index } of own.sendLeads(leads(5), { ...ASYNC, onWait, signal: left.signal }))
        seen.push(index);
    })();
    await expect(run).rejects.toThrow('waits');
    expect(seen).toHaveLength(3);
    expect(waits[0]).toBeGreaterThan(30_000);
  });

  it('fail as a whole if the exchange refuses the request or does not answer', async () => {
    await expect(all(client({ key: 'gvl_live_x' }).sendLeads(leads(2), ASYNC))).rejects.toThrow(ApiError);
    proxy.faults.push(...Array<FlakyProxy['faults'][number]>(2).fill({ breaks: 'before' }));
    await expect(all(client({ attempts: 2 }).sendLeads(leads(2), ASYNC))).rejects.toThrow(NoAnswerError);
  });

  it('fail if the exchange is silent for too long', async () => {
    const silent = new GavelClient({
      url: 'http://127.0.0.1:9',
      key: world.key,
      attempts: 1,
      timeoutMs: 50,
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
        }),
    });
    await expect(all(silent.sendLeads(leads(1), ASYNC))).rejects.toThrow('it was silent for too long');
  });
});
