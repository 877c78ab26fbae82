import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { eraseLead } from '../../../src/store/persons/erase.js';
import { findLead, findStoredLead } from '../../../src/store/leads/leads.js';
import type { LeadDocument } from '../../../src/store/documents.js';
import { contactOf } from '../../../src/market/fields/personKeys.js';
import {
  findNamedSecret,
  loadBuyersSecrets,
  namedSecretsOf,
  setNamedSecret,
} from '../../../src/store/keys/namedSecrets.js';
import { openPayload, storePayload } from '../../../src/store/leads/payloads.js';
import { matchOf } from '../../../src/store/persons/matchKeys.js';
import { rewrap } from '../../../src/store/keys/rewrap.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

let settings: Settings;
const opened: Database[] = [];

beforeAll(async () => {
  settings = await isolatedSettings();
});
afterAll(async () => {
  await opened[0]?.db.dropDatabase();
  await Promise.all(opened.map(({ client }) => client.close()));
});

const withKeys = (MASTER_KEYS: string): Database => {
  const database = openDatabase({ ...settings, MASTER_KEYS });
  opened.push(database);
  return database;
};

const PAYLOAD = {
  seller: 'ACME1234',
  source: 'forms',
  key: 'key_0',
  test: false,
  state: 'failed' as const,
  reason: 'Correct these fields: phone (missing).',
  payload: { body: Buffer.from('{"first":"Marisol"}') },
  now: new Date(),
};

test('A new master key replaces the old one: leads, hashes, named secrets and data stay, and the old key is no longer needed', async () => {
  const [old, next] = [settings.MASTER_KEYS, `next:${randomBytes(32).toString('base64')}`];
  const before = withKeys(old);
  const campaign = await storeMarket(before, {});
  const leads: LeadDocument[] = [];
  for (let i = 0; i < 5; i++) leads.push(await storeLead(before, campaign, { status: 'expired' }));
  const [erased, ...kept] = leads;
  await eraseLead(before, erased?._id ?? '', { by: 'test' });
  const by = { who: 'test', via: 'cli' } as const;
  await setNamedSecret(before, { name: 'KEY' }, 'of a sender', by);
  await setNamedSecret(before, { name: 'KEY', buyer: 'northwind' }, 'of northwind', by);
  const payload = await storePayload(before, PAYLOAD);

  const both = withKeys(`${next},${old}`);
  const added = await storeLead(both, campaign);
  const reported: number[] = [];
  expect(await rewrap(both, (done) => reported.push(done))).toBe(kept.length);
  expect(reported).toEqual([kept.length]);
  expect(await rewrap(both, () => undefined)).toBe(0);

  const after = withKeys(next);
  for (const lead of [...kept, added]) {
    expect((await findLead(after, lead._id))?.fields).toEqual(lead.fields);
    expect(await matchOf(after, contactOf(lead.fields))).toEqual(lead.match);
  }
  expect(await findNamedSecret(after, 'KEY')).toBe('of a sender');
  const ofNorthwind = await loadBuyersSecrets(after, ['northwind']);
  expect(namedSecretsOf(after.vault, ofNorthwind, 'northwind')('KEY')).toBe('of northwind');
  const stored = await after.payloads.findOne({ _id: payload });
  expect(stored && openPayload(after, stored).body).toEqual(PAYLOAD.payload.body);
  expect(await findStoredLead(after, erased?._id ?? '')).not.toHaveProperty('person');
  await expect(findLead(before, added._id)).rejects.toThrow('MASTER_KEYS has no key "next"');
});
