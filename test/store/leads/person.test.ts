import { Binary } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument } from '../../../src/store/documents.js';
import { findLead, findStoredLead } from '../../../src/store/leads/leads.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const PERSON = {
  fields: {
    ...{ firstName: 'Zebulon', phone: '555-867-5309', email: 'zq@example.org', state: 'TX', note: '' },
    interests: ['wine cellar', 'solar'],
  },
  unread: ['phone'],
  sent: { state: 'Texas (TX)', interests: ['wine cellar', 'solar', 'solar'] },
  notes: { phone: 'not a valid number' },
  phoneE164: '+15558675309',
};

describe('a stored lead', () => {
  let settings: Settings;
  let database: Database;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    campaign = await storeMarket(database, {});
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const store = async (): Promise<string> => (await storeLead(database, campaign, PERSON))._id;
  const read = (id: string) => findLead(database, id);

  test('is read as written', async () => {
    expect(await read(await store())).toMatchObject(PERSON);
  });

  test('has no personal data in clear except the state, and no two equal ciphertexts', async () => {
    const [one, other] = [await store(), await store()];
    const stored = await findStoredLead(database, one);
    expect(stored).not.toHaveProperty('fields');
    expect(stored).toMatchObject({ state: 'TX', category: 'Auto Insurance' });
    const bytes = JSON.stringify(stored) + Buffer.from(JSON.stringify(stored), 'base64').toString('latin1');
    for (const word of ['Zebulon', '867-5309', '8675309', 'zq@example', 'wine cellar', 'Texas'])
      expect(bytes).not.toContain(word);
    const again = await findStoredLead(database, other);
    for (const name of Object.keys(PERSON.fields)) {
      expect(again?.person?.fields[name]).not.toEqual(stored?.person?.fields[name]);
    }
  });

  test.each([
    ['a value was moved to another lead', 'fields.firstName', 'fields.firstName'],
    ['a value was moved to another field', 'fields.firstName', 'fields.email'],
    ['a list was moved to another field', 'fields.interests.list', 'fields.email'],
    ['what was sent was moved to what is stored', 'sent.state', 'fields.state'],
    ['another lead’s key was put in its place', 'key', 'key'],
  ])('is not read if %s', async (_what, from, to) => {
    const [one, other] = [await store(), await store()];
    const [source] = await database.leads
      .aggregate([{ $match: { _id: one } }, { $project: { value: `$person.${from}` } }])
      .toArray();
    await database.leads.updateOne({ _id: other }, { $set: { [`person.${to}`]: source?.value as unknown } });
    await expect(read(other)).rejects.toThrow(
      /was not made for this place|is not the one that was used here/,
    );
  });

  test('is not read if a bit has changed', async () => {
    const id = await store();
    const stored = await findStoredLead(database, id);
    const sealed = stored?.person?.fields.firstName;
    const bytes = Buffer.from(sealed instanceof Binary ? sealed.buffer : []);
    bytes[13] = (bytes[13] ?? 0) ^ 1;
    await database.leads.updateOne({ _id: id }, { $set: { 'person.fields.firstName': new Binary(bytes) } });
    await expect(read(id)).rejects.toThrow(`The stored value ${id}/fields/firstName was modified`);
  });

  test('is read without a master key if no personal data is requested', async () => {
    const { MONGODB_URL, MONGODB_DATABASE } = settings;
    const without = openDatabase({ MONGODB_URL, MONGODB_DATABASE });
    const id = await store();
    expect(await findStoredLead(without, id)).toMatchObject({ status: 'received', state: 'TX' });
    await expect(findLead(without, id)).rejects.toThrow('MASTER_KEYS is not set');
    await without.client.close();
  });
});
