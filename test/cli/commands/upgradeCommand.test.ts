import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { asEnvironment } from '../../support/asEnvironment.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';
import { gavel } from '../gavel.js';

let settings: Settings;
let database: Database;

beforeAll(async () => {
  settings = await isolatedSettings();
  database = openDatabase(settings);
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

test('gavel upgrade brings the leads of older releases into the form of this one, and notes it', async () => {
  const campaign = await storeMarket(database, {});
  for (let i = 0; i < 600; i++)
    await storeLead(database, campaign, {
      status: 'expired',
      fields: { phone: '001-214-555-0187' },
      match: { phone: 'as an older release made it' },
      matchRule: undefined,
    });
  const ran = await gavel(['upgrade'], asEnvironment(settings));
  expect(ran).toEqual({
    code: 0,
    stdout: '600 leads of older releases were looked at; 600 got another key.\n',
    stderr: '500 leads …\n600 leads …\n',
  });
  expect(await database.audit.find().toArray()).toMatchObject([
    {
      did: 'upgraded',
      values: [
        { path: 'leads', to: '600' },
        { path: 'rekeyed', to: '600' },
        { path: 'left', to: '0' },
        { path: 'returned', to: '0' },
      ],
    },
  ]);
  const found = await gavel(
    ['leads', 'list', '--phone', '2145550187', '--limit', '1000', '--json'],
    asEnvironment(settings),
  );
  expect(JSON.parse(found.stdout)).toMatchObject({ leads: { length: 600 } });
  const again = await gavel(['upgrade', '--json'], asEnvironment(settings));
  expect(JSON.parse(again.stdout)).toEqual({ leads: 0, rekeyed: 0, left: 0, returned: 0 });
  const afar = await gavel(['upgrade', '--remote', 'http://localhost:1'], asEnvironment(settings));
  expect(afar.stderr).toContain('can’t be done by --remote: it reads persons’ data');
});
