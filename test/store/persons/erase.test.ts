import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { release } from '../../../src/store/sales/capacity.js';
import { claimLead, endClaim } from '../../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type {
  CampaignDocument,
  LeadDocument,
  ReturnDocument,
  SaleDocument,
} from '../../../src/store/documents.js';
import { eraseLead } from '../../../src/store/persons/erase.js';
import { findLead, findStoredLead } from '../../../src/store/leads/leads.js';
import type { Entry, Round } from '../../../src/market/model/round.js';
import { listLeads } from '../../../src/store/leads/listLeads.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';
const by = 'ops@example';

describe('erasing a lead', () => {
  let database: Database;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    campaign = await storeMarket(database, {});
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const store = (lead: Partial<LeadDocument> = {}) => storeLead(database, campaign, lead);
  const post = { postId: 'post', round: 1, buyer: 'northwind', exclusive: false, price: 4500, earns: 4500 };

  test('deletes the personal data, the key and the hashes, keeps everything else, and leaves an erasure record', async () => {
    const lead = await store({
      status: 'sold',
      price: 4500,
      buyerIds: ['northwind'],
      sent: { state: 'Texas (TX)' },
      unread: ['phone'],
      notes: { 'John Doe': 'an object; kept as its JSON text' },
    });
    const before = await findStoredLead(database, lead._id);
    expect(await listLeads(database, { match: lead.match }, 10)).toHaveLength(1);
    const erased = await eraseLead(database, lead._id, { by });
    expect(erased).toMatchObject({
      outcome: 'erased',
      erasure: { by, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    const after = await findStoredLead(database, lead._id);
    const { person, match, unread: _unread, notes: _notes, ...rest } = before ?? {};
    expect([person, match]).toEqual([expect.anything(), lead.match]);
    expect(after).toEqual({ ...rest, match: {}, erased: 'erasure' in erased ? erased.erasure : undefined });
    expect(await findLead(database, lead._id)).toMatchObject({ fields: {} });
    expect(JSON.stringify(after)).not.toMatch(/John|Texas/);
    expect(await listLeads(database, { match: lead.match }, 10)).toEqual([]);
  });

  test('removes texts of buyers, also in its sales and returns, and keeps Gavel’s own texts', async () => {
    const bidder = { contract: CONTRACT, buyer: 'northwind', tier: 1 };
    const entry = (id: string, what: object) => ({ ...bidder, contract: id, ...what }) as Entry;
    const round = {
      number: 1,
      entries: [
        entry('a', { bid: { price: 4500, pingId: 'ping', bidId: 'Said-1' } }),
        entry('b', { noBid: { reason: 'no_bid', detail: 'Said2', words: 'Said2' } }),
        entry('c', { noBid: { reason: 'http_error', detail: 'HTTP 500', status: 500 } }),
      ],
    } as unknown as Round;
    const claim = { ...post, at: new Date() };
    const lead = await store({
      status: 'sold',
      rounds: { 1: round },
      claims: {
        'a/b/sold': { ...claim, status: 'accepted', buyerLeadId: 'Said-3' },
        'a/b/refused': { ...claim, status: 'refused', detail: 'HTTP 409', words: 'HTTP 409: Said 4' },
        'a/b/returned': { ...claim, status: 'returned', buyerLeadId: 'Said-5', detail: 'said_6' },
        'a/b/off': { ...claim, status: 'cancelled', detail: 'called off' },
      },
    });
    const { rounds, sales, returns } = database;
    const moved = { ...round, _id: `${lead._id}/000001`, lead: lead._id };
    await rounds.insertMany([moved, { ...moved, _id: 'other/000001', lead: 'other' }]);
    const sale = { _id: 'sale', lead: lead._id, buyer: 'northwind', price: 4500, buyerLeadId: 'Said-7' };
    await sales.insertMany([sale, { ...sale, _id: 'other', lead: 'other' }] as unknown as SaleDocument[]);
    await returns.insertMany([
      { _id: 'sale', lead: lead._id, reason: 'said_8', refund: 4500 },
      { _id: 'other', lead: 'other', reason: 'duplicate', refund: 1 },
    ] as unknown as ReturnDocument[]);

    expect(await eraseLead(database, lead._id, { by })).toMatchObject({ outcome: 'erased' });
    const left = [
      await findStoredLead(database, lead._id),
      await sales.findOne({ _id: 'sale' }),
      await returns.findOne({ _id: 'sale' }),
      await rounds.findOne({ _id: moved._id }),
    ];
    expect(JSON.stringify(left)).not.toMatch(/said/i);
    expect(left).toMatchObject([
      {
        rounds: {
          1: { entries: [{ bid: { price: 4500, pingId: 'ping' } }, {}, { noBid: { detail: 'HTTP 500' } }] },
        },
        claims: { 'a/b/off': { detail: 'called off' }, 'a/b/sold': { price: 4500 } },
      },
      { price: 4500 },
      { reason: 'erased', refund: 4500 },
      { entries: [{ bid: { price: 4500 } }, { noBid: { reason: 'no_bid' } }, { noBid: { status: 500 } }] },
    ]);
    expect(await rounds.findOne({ _id: 'other/000001' })).toMatchObject({ entries: round.entries });
    expect(await sales.findOne({ _id: 'other' })).toMatchObject({ buyerLeadId: 'Said-7' });
    expect(await returns.findOne({ _id: 'other' })).toMatchObject({ reason: 'duplicate' });
  });

  test('removes this lead’s person from duplicate checks, but no other person or lead', async () => {
    const [lead, other] = [await store({ status: 'sold' }), await store({ status: 'sold' })];
    const purchase = {
      sale: 's',
      contract: CONTRACT,
      buyer: 'northwind',
      campaign: campaign._id,
      at: 0,
      ...lead.match,
    };
    const phone = `phone:${lead.match.phone ?? ''}`;
    await database.persons.insertMany([
      { _id: phone, purchases: [lead, other].map(({ _id }) => ({ ...purchase, lead: _id })) },
      { _id: 'phone:of-somebody-else', purchases: [] },
    ]);
    await eraseLead(database, lead._id, { by });
    expect(await database.persons.findOne({ _id: phone })).toMatchObject({
      purchases: [{ lead: other._id }],
    });
    await eraseLead(database, other._id, { by });
    expect(await database.persons.distinct('_id')).toEqual(['phone:of-somebody-else']);
  });

  test('a second time keeps the first erasure record, and each lead has its own', async () => {
    const [lead, other] = [await store({ status: 'expired' }), await store({ status: 'expired' })];
    const first = await eraseLead(database, lead._id, { by });
    expect(await eraseLead(database, lead._id, { by: 'somebody else' })).toEqual({
      ...first,
      outcome: 'already',
    });
    expect(await eraseLead(database, other._id, { by })).not.toMatchObject({
      erasure: { sha256: 'erasure' in first ? first.erasure.sha256 : '' },
    });
    expect(await eraseLead(database, 'no-such-lead', { by })).toEqual({ outcome: 'unknown' });
  });

  test('on sale withdraws it first and notifies its workflow', async () => {
    const withdrawn = vi.fn();
    for (const { _id } of [await store(), await store({ status: 'pending' })]) {
      expect(await eraseLead(database, _id, { by, withdrawn })).toMatchObject({ outcome: 'erased' });
      expect(withdrawn).toHaveBeenLastCalledWith(_id);
      expect(await findStoredLead(database, _id)).toMatchObject({ status: 'withdrawn', match: {} });
    }
  });

  test.each(['pending', 'sold'] as const)(
    'that is %s waits for the answer to a post, and for what was reserved for it',
    async (status) => {
      const lead = await store({ status });
      await claimLead(database, { lead: lead._id, contract: CONTRACT, ...post, maxBuyers: 2 });
      expect(await eraseLead(database, lead._id, { by })).toEqual({ outcome: 'unsettled' });
      expect((await findLead(database, lead._id))?.fields).toEqual(lead.fields);
      // No other buyer gets the lead meanwhile.
      expect(
        await claimLead(database, { lead: lead._id, contract: 'another', ...post, maxBuyers: 2 }),
      ).toEqual({ closed: status });
      await endClaim(database, lead._id, { contract: CONTRACT, postId: post.postId, status: 'refused' });
      expect(await eraseLead(database, lead._id, { by })).toEqual({ outcome: 'unsettled' });
      const purchase = {
        sale: post.postId,
        lead: lead._id,
        contract: CONTRACT,
        buyer: post.buyer,
        ...lead.match,
      };
      await release(database, purchase);
      expect(await eraseLead(database, lead._id, { by })).toMatchObject({ outcome: 'erased' });
    },
  );

  test('stops further sales, even if it has a free place', async () => {
    const lead = await store({ status: 'sold' });
    await eraseLead(database, lead._id, { by });
    expect(await claimLead(database, { lead: lead._id, contract: CONTRACT, ...post, maxBuyers: 3 })).toEqual({
      closed: 'sold',
    });
  });

  test('concurrently with a post either posts the whole lead or nothing', async () => {
    for (let i = 0; i < 20; i++) {
      const lead = await store({ status: 'sold' });
      const [erased, claimed] = await Promise.all([
        eraseLead(database, lead._id, { by }),
        claimLead(database, { lead: lead._id, contract: CONTRACT, ...post, maxBuyers: 1 }),
      ]);
      const posted = 'lead' in claimed ? claimed.lead.fields : undefined;
      expect(posted).toEqual(erased.outcome === 'erased' ? undefined : lead.fields);
    }
  });
});
