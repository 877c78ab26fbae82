import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { leadView } from '../../src/api/leads/leadAnswer.js';
import { readLeadDetails } from '../../src/operations/leads/leadDetails.js';
import { describeLead } from '../../src/cli/commands/leads/describeLead.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import type { FieldValue } from '../../src/market/fields/reading.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { minutes, storeLead, storeMarket } from '../support/market.js';
import { PERSON } from '../support/source.js';
import { endOf, openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';

describe('postbacks', () => {
  let world: LeadWorld;
  let northwind: FakeBuyer;
  let crm: FakeBuyer;
  let reports: FakeBuyer;

  beforeAll(async () => {
    world = await openLeadWorld();
    [northwind, crm, reports] = await Promise.all([startBuyer(), startBuyer(), startBuyer()]);
  });

  afterAll(async () => {
    await Promise.all([northwind, crm, reports].map((server) => server.close()));
    await world.close();
  });

  beforeEach(async () => {
    const collections = await world.database.db.collections();
    await Promise.all(collections.map((collection) => collection.deleteMany({})));
  });

  /** Sells one lead of a seller with these postback URLs, and waits until all postbacks are delivered. */
  async function sell(postbacks: string[], fields: Record<string, FieldValue> = {}) {
    const { database, clock } = world;
    const campaign = await storeMarket(database, { northwind: { server: northwind } });
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks } });
    const lead = await storeLead(database, campaign, { fields: { ...PERSON, ...fields } });
    const { answer, handle } = await world.submit(lead);
    expect(answer.status).toBe('sold');
    await clock.passUntil(endOf(handle), { step: 1000, grows: true, most: minutes(27 * 60) });
    return storedLead(lead._id);
  }

  async function storedLead(id: string) {
    const lead = await findStoredLead(world.database, id);
    if (!lead) throw new Error('The lead is gone');
    return lead;
  }

  it('have the same content as the API’s answer, at each address, with the same id in each retry', async () => {
    crm.answer('lead.sold', [{ status: 503 }, {}]);
    const lead = await sell([crm.url, reports.url]);

    const sent = [...crm.received, ...reports.received];
    expect(sent.map(({ type }) => type)).toEqual(['lead.sold', 'lead.sold', 'lead.sold']);
    const { success, ...view } = leadView(lead);
    expect(success).toBe(true);
    for (const { body } of sent)
      expect(body).toEqual({ type: 'lead.sold', currency: 'USD', test: false, ...view });
    const [first, again, other] = sent.map(({ headers }) => headers['webhook-id']);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('carry the source’s own ids of the lead and no personal data', async () => {
    const own = {
      subId: 'spring',
      subId2: 'john-media',
      subId3: '9',
      reference: 'web-20417',
      click_id: ['a', 'b'],
    };
    const { firstName, lastName, email, phone } = PERSON;
    await sell([crm.url], {
      ...own,
      subId4: `${firstName} ${lastName}`,
      subId5: Buffer.from(email).toString('base64'),
      clickId: `tel-${phone}`,
      externalId: email.toUpperCase(),
      homeowner: 'yes',
    });
    const { body } = crm.received.at(-1) ?? {};
    expect(body).toMatchObject(own);
    const sent = [
      'subId',
      'subId2',
      'subId3',
      'reference',
      'click_id',
      'price',
      'buyer_ids',
      'currency',
      'test',
    ];
    const keys = [...sent, 'type', 'lead_id', 'status', 'created_at', 'updated_at'];
    expect(Object.keys(body ?? {}).sort()).toEqual(keys.sort());
  });

  it('add each attempt to the lead’s story, including failed ones', async () => {
    crm.answer('lead.sold', [{ status: 503 }, {}]);
    const { _id } = await sell([crm.url, reports.url]);
    const story = await readLeadDetails(world.database, _id, { personal: false });
    const tries = story?.notifications.map(({ what, whom, delivered, detail }) => [
      what,
      whom,
      delivered,
      detail,
    ]);
    expect(tries).toHaveLength(3);
    expect(tries).toEqual(
      expect.arrayContaining([
        ['postback: sold', 'address 1', false, 'HTTP 503'],
        ['postback: sold', 'address 1', true, 'HTTP 200'],
        ['postback: sold', 'address 2', true, 'HTTP 200'],
      ]),
    );
    expect(story && describeLead(story, new Date())).toMatch(/postback: sold .* address 1 .* no .* HTTP 503/);
  });
});
