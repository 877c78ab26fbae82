import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { asEnvironment } from '../../support/asEnvironment.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';
import { gavel } from '../gavel.js';

/** One more than the upgrade reads at once. */
const LEADS = 501;
const REKEYED = 3;

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

test('gavel upgrade migrates leads of older releases, with an audit entry', async () => {
  const campaign = await storeMarket(database, {});
  // The key of most leads is that of today already.
  const lead = { status: 'expired', fields: { phone: '001-214-555-0187' }, matchRule: undefined } as const;
  const match = { phone: 'as an older release made it' };
  await Promise.all(
    Array.from({ length: LEADS }, (_, i) =>
      storeLead(database, campaign, i < REKEYED ? { ...lead, match } : lead),
    ),
  );
  const ran = await gavel(['upgrade'], asEnvironment(settings));
  expect(ran).toEqual({
    code: 0,
    stdout: `${LEADS} leads of older releases were looked at; ${REKEYED} got another key.\n`,
    stderr: `500 leads …\n${LEADS} leads …\n`,
  });
  expect(await database.audit.find().toArray()).toMatchObject([
    {
      did: 'upgraded',
      values: [
        { path: 'leads', to: String(LEADS) },
        { path: 'rekeyed', to: String(REKEYED) },
        { path: 'left', to: '0' },
        { path: 'returned', to: '0' },
      ],
    },
  ]);
  const found = await gavel(
    ['leads', 'list', '--phone', '2145550187', '--limit', '1000', '--json'],
    asEnvironment(settings),
  );
  expect(JSON.parse(found.stdout)).toMatchObject({ leads: { length: LEADS } });
  const again = await gavel(['upgrade', '--json'], asEnvironment(settings));
  expect(JSON.parse(again.stdout)).toEqual({ leads: 0, rekeyed: 0, left: 0, returned: 0 });
  const afar = await gavel(['upgrade', '--remote', 'http://localhost:1'], asEnvironment(settings));
  expect(afar.stderr).toContain('can’t be done by --remote: it reads personal data');
});
