import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formerPersonKeys, KEY_RULE } from '../../../src/market/fields/personKeys.js';
import { claimLead, endClaim } from '../../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import type { CampaignDocument, LeadDocument } from '../../../src/store/documents.js';
import { eraseLead, forgetRepeats } from '../../../src/store/persons/erase.js';
import { findStoredLead } from '../../../src/store/leads/leads.js';
import { listLeads } from '../../../src/store/leads/listLeads.js';
import { matchOf } from '../../../src/store/persons/matchKeys.js';
import { isUpgradeDue, upgradeLeads } from '../../../src/store/upkeep/upgrade.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';

/** Leads as stored by release 0.1.0. */
describe('data of an older release', () => {
  let database: Database;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await ensureIndexes(database);
    campaign = await storeMarket(database, {});
  });
  beforeEach(async () => {
    await database.leads.deleteMany({});
    await database.persons.deleteMany({});
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  async function formerMatch(phone: string, email?: string) {
    const hash = await database.vault.hash();
    const keys = formerPersonKeys({ phone, email });
    return {
      phone: hash('phone', keys.phone ?? ''),
      email: keys.email === undefined ? undefined : hash('email', keys.email),
    };
  }

  async function storeFormerly(phone: string, lead: Partial<LeadDocument> = {}, email?: string) {
    const fields = { phone, email: email ?? '' };
    if (email === undefined) Reflect.deleteProperty(fields, 'email');
    const match = await formerMatch(phone, email);
    return (
      await storeLead(database, campaign, { fields, match, matchRule: undefined, status: 'sold', ...lead })
    )._id;
  }

  const upgrade = () => upgradeLeads(database, () => undefined);
  const keyOf = async (id: string) => (await findStoredLead(database, id))?.match;

  test('gets the current person keys with their purchases, and is processed once', async () => {
    const [usual, odd] = [
      await storeFormerly('214-555-0187'),
      await storeFormerly('2145550187.0', {}, 'Jo@Example.org'),
    ];
    const former = await formerMatch('2145550187.0', 'Jo@Example.org');
    const purchase = {
      sale: 's',
      lead: odd,
      contract: CONTRACT,
      buyer: 'northwind',
      campaign: campaign._id,
      at: 1,
    };
    await database.persons.insertMany([
      { _id: `phone:${former.phone}`, purchases: [{ ...purchase, ...former }] },
      { _id: `email:${former.email ?? ''}`, purchases: [{ ...purchase, ...former }] },
    ]);
    expect(await isUpgradeDue(database)).toBe(true);
    const reported: number[] = [];
    expect(await upgradeLeads(database, (leads) => reported.push(leads))).toEqual({
      leads: 2,
      rekeyed: 1,
      returned: 0,
      left: 0,
    });
    expect(reported).toEqual([2]);

    const now = await matchOf(database, { phone: '+12145550187', email: 'jo@example.org' });
    expect(await keyOf(odd)).toEqual(now);
    expect((await keyOf(usual))?.phone).toBe(now.phone);
    expect(await database.persons.find().sort({ _id: 1 }).toArray()).toEqual(
      [`email:${now.email ?? ''}`, `phone:${now.phone ?? ''}`].map((_id) => ({
        _id,
        purchases: [{ ...purchase, ...now }],
      })),
    );
    expect(await isUpgradeDue(database)).toBe(false);
    expect(await upgrade()).toEqual({ leads: 0, rekeyed: 0, left: 0, returned: 0 });
  });

  test('resumes after an interruption', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await storeFormerly('+2145550187'));
    await database.leads.updateOne({ _id: ids[0] }, { $set: { matchRule: KEY_RULE } });
    expect(await upgrade()).toEqual({ leads: 2, rekeyed: 2, left: 0, returned: 0 });
  });

  test('is skipped while a post is in progress and upgraded after it', async () => {
    const id = await storeFormerly('001-214-555-0187', { status: 'pending' });
    const post = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 1, earns: 1 };
    await claimLead(database, { lead: id, contract: CONTRACT, ...post, maxBuyers: 1 });
    expect(await upgrade()).toEqual({ leads: 1, rekeyed: 0, left: 1, returned: 0 });
    await endClaim(database, id, { contract: CONTRACT, postId: 'p', status: 'refused' });
    expect(await upgrade()).toEqual({ leads: 1, rekeyed: 1, left: 0, returned: 0 });
  });

  test('loses the person of a suppressed lead, and keeps the person of a lead withdrawn later', async () => {
    const suppressed = { status: 'withdrawn', reason: 'suppressed' } as const;
    const [never, later] = [
      await storeFormerly('214-555-0187', suppressed),
      await storeFormerly('214-555-0187', { ...suppressed, rounds: { 1: {} as never } }),
    ];
    await upgrade();
    expect(await findStoredLead(database, never)).toMatchObject({ withoutPerson: true, matchRule: KEY_RULE });
    expect(await findStoredLead(database, never)).not.toHaveProperty('person');
    expect(await findStoredLead(database, later)).toHaveProperty('person.key');
  });

  test('loses the hash of an erased lead’s request', async () => {
    const receivedAt = new Date(Date.now() - 30 * 3_600_000);
    const idempotency = { key: 'k', fingerprint: 'f', answeringUntil: receivedAt };
    const id = await storeFormerly('214-555-0187', { receivedAt, idempotency });
    await eraseLead(database, id, { by: 'test' });
    await database.leads.updateOne(
      { _id: id },
      { $set: { idempotency: { key: 'k', answeringUntil: receivedAt } } },
    );
    await upgrade();
    await forgetRepeats(database, Date.now());
    expect(await findStoredLead(database, id)).not.toHaveProperty('idempotency');
  });

  test('of a returned lead keeps its returns, and the lead is returned when no buyer has it', async () => {
    const claim = (buyer: string, status: 'accepted' | 'returned') => ({
      ...{ postId: `post to ${buyer}`, status, round: 1, buyer, exclusive: false, price: 4500, earns: 4000 },
      ...{ currency: 'USD', at: new Date(), detail: 'wrong_number' },
    });
    const lead = { fields: {}, match: {}, status: 'sold' } as const;
    const [all, one] = [
      await storeLead(database, campaign, { ...lead, price: 0, claimed: 0, buyerIds: [], claims: {} }),
      await storeLead(database, campaign, {
        ...lead,
        price: 4000,
        claimed: 1,
        buyerIds: ['beta'],
        claims: {},
      }),
    ];
    const at = new Date('2026-03-01T12:00:00Z');
    for (const { _id } of [all, one]) {
      const contract = 'ACME1234/auto-insurance/alpha';
      const postId = `${_id} to alpha`;
      const claims = {
        [contract]: { ...claim('alpha', 'returned'), postId },
        ...(_id === one._id ? { [CONTRACT]: claim('beta', 'accepted') } : {}),
      };
      await database.leads.updateOne({ _id }, { $set: { claims } });
      await database.returns.insertOne({
        ...{ _id: postId, lead: _id, contract, buyer: 'alpha', reason: 'wrong_number', at },
        ...{ refund: 4500, sellerPays: 4000, currency: 'USD', resold: false },
      });
    }
    expect(await isUpgradeDue(database)).toBe(true);
    expect(await upgrade()).toMatchObject({ returned: 2 });
    const returns = [{ buyer: 'alpha', reason: 'wrong_number', at, amount: 4000 }];
    expect(await findStoredLead(database, all._id)).toMatchObject({ status: 'returned', returns });
    expect(await findStoredLead(database, one._id)).toMatchObject({ status: 'sold', returns });
    expect(await listLeads(database, { status: 'returned' }, 10)).toMatchObject([{ _id: all._id }]);
    expect(await upgrade()).toMatchObject({ returned: 0 });
    expect(await isUpgradeDue(database)).toBe(false);
    await database.returns.deleteMany({});
  });
});
