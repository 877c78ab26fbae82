import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparedOf, findCompared, MOST_PERSONS_A_DAY } from '../../../src/store/persons/commonValues.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument } from '../../../src/store/documents.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const HOUR = 3_600_000;

let database: Database;
let campaign: CampaignDocument;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
  campaign = await storeMarket(database, {});
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

/** Leads with the e-mail address, one of each phone number. */
async function storeLeads(email: string, phones: string[], ago = HOUR): Promise<void> {
  for (const phone of phones)
    await storeLead(database, campaign, {
      match: { phone, email },
      receivedAt: new Date(Date.now() - ago),
    });
}

const phones = (count: number): string[] => Array.from({ length: count }, () => v7());

test('An e-mail address that many persons have within a day is not compared, and their phones are', async () => {
  const email = v7();
  const [first = '', ...others] = phones(MOST_PERSONS_A_DAY + 1);
  await storeLeads(email, others);
  expect(await findCompared(database, { phone: first, email })).toEqual({ phone: first, email });
  await storeLeads(email, [first]);
  expect(comparedOf({ phone: first, email })).toEqual({ phone: first, email });
  expect(await findCompared(database, { phone: first, email })).toEqual({ phone: first });
  expect(comparedOf({ email })).toEqual({});
});

test('The leads of one person make nothing common, however many there are, nor do those of the day before', async () => {
  const [email, phone] = [v7(), v7()];
  await storeLeads(
    email,
    Array.from({ length: MOST_PERSONS_A_DAY + 1 }, () => phone),
  );
  await storeLeads(email, phones(MOST_PERSONS_A_DAY + 1), 25 * HOUR);
  expect(await findCompared(database, { phone, email })).toEqual({ phone, email });
});
