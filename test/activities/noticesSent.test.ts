import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../src/market/wording/notices.js';
import type { NoticeKind } from '../../src/market/model/market.js';
import { readPage } from '../docs/page.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

const page = readPage('docs/buyer.md');

/** The keys of the page's example of a notice. */
function exampleOf(type: string): string[] {
  const found = page.codes.find(({ lang, text }) => lang === 'json' && text.includes(`"type": "${type}"`));
  return Object.keys(JSON.parse(found?.text ?? '{}') as object);
}

describe('a notice to a buyer', () => {
  let world: StepsWorld;
  let leadId: string;
  beforeAll(async () => {
    world = await openStepsWorld();
    const { database, northwind } = world;
    const events: NoticeKind[] = ['won', 'billed', 'lost', 'unused'];
    const notices = { url: northwind.url, timeoutMs: 2000, events };
    await database.buyers.updateOne({ _id: 'northwind' }, { $set: { notices } });
    leadId = (await storeLead(database, world.campaign, { test: true }))._id;
    await world.steps.sellLead(saleOf(leadId));
  });
  afterAll(() => world.close());

  const who = { buyer: 'northwind', contract: 'ACME1234/auto-insurance/northwind' };
  const slip = { reason: 'invalid_response', detail: 'not JSON' } as const;

  /** The notice as received by the buyer. */
  async function sent(notice: Notice) {
    world.northwind.received.length = 0;
    await world.steps.tellBuyer({ leadId, round: 1, notice });
    const [received] = world.northwind.received;
    return { id: received?.headers['webhook-id'], body: received?.body ?? {} };
  }
  test('of a sale names the post and the lead, as docs/buyer.md shows', async () => {
    const post_id = (await world.database.sales.findOne({ lead: leadId }))?._id;
    const { id, body } = await sent({ ...who, kind: 'won' });
    expect(id).toBe(`${String(post_id)}.won`);
    expect(body).toMatchObject({ type: 'won', post_id, lead_id: leadId, price: 45 });
    expect(Object.keys(body)).toEqual(exampleOf('won'));
    expect((await sent({ ...who, kind: 'billed' })).body).toMatchObject({
      sale_id: post_id,
      lead_id: leadId,
    });
  });

  test('of an unused ping names the ping, the reason and the detail, and no lead', async () => {
    const { id, body } = await sent({ ...who, kind: 'unused', of: 'ping', id: 'p-1', ...slip });
    expect(id).toBe('p-1.unused');
    expect(body).toEqual({ type: 'unused', ping_id: 'p-1', round: 1, ...slip, test: true });
    expect(Object.keys(body)).toEqual(exampleOf('unused'));
  });

  test('of an unused post names the post and the lead', async () => {
    const { body } = await sent({ ...who, kind: 'unused', of: 'post', id: 'q-1', ...slip });
    expect(body).toMatchObject({ post_id: 'q-1', lead_id: leadId });
  });

  test('of an open circuit names the lead and the end of the pause', async () => {
    const why = { reason: 'circuit_open', detail: 'left out after 10 failed pings in a row' } as const;
    const { id, body } = await sent({ ...who, kind: 'unused', of: 'lead', ...why });
    expect(id).toBe(`${leadId}.1.unused`);
    expect(body).toEqual({ type: 'unused', lead_id: leadId, round: 1, ...why, test: true });
  });

  test('of a lost bid below the floor names the floor', async () => {
    const why = { reason: 'below_floor', detail: 'the floor is $10.00' } as const;
    const { body } = await sent({ ...who, kind: 'lost', pingId: 'p-1', ...why });
    expect(body).toMatchObject({ type: 'lost', ping_id: 'p-1', ...why });
  });
});
