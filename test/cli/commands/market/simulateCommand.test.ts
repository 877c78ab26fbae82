import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startAdminApi } from '../../../../src/api/server.js';
import { openSender } from '../../../../src/buyers/send.js';
import type { Settings } from '../../../../src/config.js';
import { createLog } from '../../../../src/log.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import type { CampaignDocument } from '../../../../src/store/documents.js';
import { flushAnswers } from '../../../../src/store/fairness/answers.js';
import { createKey } from '../../../../src/store/keys/apiKeys.js';
import { asEnvironment } from '../../../support/asEnvironment.js';
import { startBuyer, type FakeBuyer } from '../../../support/buyer.js';
import { confirmCollected } from '../../../../src/store/sales/capacity.js';
import { sellerDocument, storeLead, storeMarket } from '../../../support/market.js';
import { isolatedSettings } from '../../../support/stack.js';
import { stepsOn } from '../../../support/steps.js';
import { gavel, type Ran } from '../../gavel.js';

const LEADS = 24;
const AUTO = 'campaigns: [{ seller: ACME1234, category: Auto Insurance';

type Sender = ReturnType<typeof openSender>;

/** Sells a lead with the activities of its workflow. */
async function sell(
  database: Database,
  { send }: Sender,
  { campaign, test: isTest = false }: { campaign: CampaignDocument; test?: boolean },
): Promise<void> {
  const { runRound } = stepsOn(database, send);
  const { _id: leadId } = await storeLead(database, campaign, { test: isTest });
  expect(await runRound({ leadId, now: Date.now() })).toMatchObject({ status: 'sold' });
}

describe('gavel simulate', () => {
  let settings: Settings;
  let database: Database;
  let sender: Sender;
  let buyers: Record<'northwind' | 'fabrikam', FakeBuyer>;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    sender = openSender(settings);
    buyers = {
      northwind: await startBuyer({
        ping: [{ body: { bid: 20 } }, { body: { bid: 30 } }, { body: { bid: 40 } }],
      }),
      fabrikam: await startBuyer(),
    };
    // Northwind takes at most twelve leads, and fabrikam the rest.
    const northwind = { caps: { total: 12 }, filters: [{ field: 'zip', startsWith: ['75'] }] };
    const campaign = await storeMarket(
      database,
      {
        northwind: {
          server: buyers.northwind,
          pingTimeoutMs: 10_000,
          postTimeoutMs: 10_000,
          contract: northwind,
        },
        fabrikam: {
          server: buyers.fabrikam,
          pinged: false,
          postTimeoutMs: 10_000,
          contract: { price: 1250 },
        },
      },
      { margin: { percent: 10 } },
    );
    for (let i = 0; i < LEADS; i++) await sell(database, sender, { campaign });
    await sell(database, sender, { campaign, test: true });
    await flushAnswers(database);
  });

  afterAll(async () => {
    await sender.close();
    await Promise.all(Object.values(buyers).map((buyer) => buyer.close()));
    await database.db.dropDatabase();
    await database.client.close();
  });

  const simulate = (change: string, ...args: string[]): Promise<Ran> =>
    gavel(['simulate', '--since', '1h', '--change', '-', ...args], asEnvironment(settings), change);
  const sums = async (account: string): Promise<number> => {
    const entries = await database.ledger.find({ account }).toArray();
    return entries.reduce((sum, { amount }) => sum + amount, 0) / 100;
  };

  test('shows the booked result, the simulated result, and the result with the changed floor', async () => {
    const ran = await simulate(`${AUTO}, sale: { floor: 15 } }]`, '--json');
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Error') as string });
    // Northwind bid 20, 30 and ten times 40 and was full then; fabrikam's price of 12.50 is below the new floor.
    expect(JSON.parse(ran.stdout)).toMatchObject({
      leads: LEADS,
      campaigns: ['ACME1234/auto-insurance'],
      unchanged_as_booked: LEADS,
      assumed: { leads: 0 },
      currencies: [
        {
          currency: 'USD',
          booked: {
            leads: LEADS,
            sold: LEADS,
            revenue: 600,
            sellers_earn: await sums('seller:ACME1234'),
            house_keeps: await sums('house'),
          },
          unchanged: { leads: LEADS, sold: LEADS, revenue: 600 },
          changed: { sold: 12 },
          buyers: [
            {
              buyer: 'northwind',
              won: { booked: 12, unchanged: 12, changed: 12 },
              spent: { booked: -(await sums('buyer:northwind')) },
            },
            {
              buyer: 'fabrikam',
              won: { booked: 12, unchanged: 12, changed: 0 },
              spent: { booked: -(await sums('buyer:fabrikam')), changed: 0 },
            },
          ],
        },
      ],
    });
  });

  test('sends no request and writes only its audit entry', async () => {
    const everything = async (): Promise<unknown> => {
      const collections = await database.db.listCollections().toArray();
      const names = collections.map(({ name }) => name).filter((name) => name !== 'audit');
      return Promise.all(
        names
          .sort()
          .map(async (name) => [name, await database.db.collection(name).find().sort({ _id: 1 }).toArray()]),
      );
    };
    const received = (): number =>
      Object.values(buyers).reduce((sum, buyer) => sum + buyer.received.length, 0);
    const [before, heard] = [await everything(), received()];
    const ran = await simulate(`${AUTO}, contracts: [{ buyer: northwind, caps: null }] }]`);
    expect(ran.code).toBe(0);
    expect(await everything()).toEqual(before);
    expect(received()).toBe(heard);
    expect(await database.audit.find().sort({ _id: -1 }).limit(1).toArray()).toMatchObject([
      { via: 'cli', kind: 'simulation', values: [{ path: 'since' }, { to: 'caps.total' }] },
    ]);
  });

  test('shows the changes, the sums, a bar for each buyer, and the assumptions', async () => {
    const { stdout } = await simulate(`${AUTO}, contracts: [{ buyer: northwind, caps: { total: 11 } }] }]`);
    expect(stdout).toContain(`${LEADS} leads of ACME1234/auto-insurance, received since `);
    expect(stdout).toContain('    caps.total: 12 → 11\n');
    expect(stdout).toMatch(/^ +booked +unchanged +with the change +effect$/m);
    expect(stdout).toMatch(/^sold +24 +24 +24 +0$/m);
    expect(stdout).toMatch(/^buyers pay +\$600\.00 +\$600\.00 +\$572\.50 +−\$27\.50 +−4\.6 %$/m);
    expect(stdout).toMatch(/^northwind +12 +12 +11 +−1 +−8\.3 %$/m);
    expect(stdout).toMatch(/^northwind +\$450\.00 +\$450\.00 +\$410\.00 +−\$40\.00 +−8\.9 %$/m);
    expect(stdout).toMatch(/^northwind {2}█{40} \$450\.00\n {11}█+\S? \$410\.00$/m);
    expect(stdout).toContain(
      'With the change, the results of 1 of 24 leads rest on assumptions: 1 on the answer of a buyer that was not sent the lead.',
    );
    expect(stdout).toContain('Unchanged, every lead comes out as booked.');
    expect(stdout).toContain('Nothing was sent to anyone, and nothing was changed.');
    expect(stdout).not.toMatch(/John|555-?123/);
  });

  test('prints the same with --remote, with the figures allowed there', async () => {
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const admin = await startAdminApi(
      { ...settings, ADMIN_PORT: 0 },
      createLog({ LOG_LEVEL: 'silent' }, 'admin'),
    );
    onTestFinished(() => admin.close());
    const { key } = await createKey(database, { admin: 'ops', scopes: ['simulations:read'], test: false });
    const change = `${AUTO}, sale: { floor: 15 }, contracts: [{ buyer: northwind, model: { lowest: 16, accepts: 50 } }] }]`;
    const args = ['simulate', '--since', since, '--change', '-'];
    const remote = (...more: string[]): Promise<Ran> =>
      gavel(['--remote', admin.address, ...args, ...more], { GAVEL_ADMIN_KEY: key }, change);
    const here = await gavel(args, asEnvironment(settings), change);
    const limit = 'Over the API, figures of fewer than 10 leads are not shown.\n';
    const told = await remote();
    expect(told.stdout).toContain(limit);
    expect({ ...told, stdout: told.stdout.replace(limit, '') }).toEqual({ ...here, stderr: '' });
    const asJson: unknown = JSON.parse((await remote('--json')).stdout);
    expect(asJson).toMatchObject({ file: '-', leads: LEADS, currencies: [{ changed: { sold: 12 } }] });
  });

  test('shows no effect of a change without effect, even if the books differ from the simulation', async () => {
    const sale = await database.sales.findOne({ buyer: 'fabrikam' });
    const { _id, price } = sale ?? { _id: '', price: 0 };
    await database.sales.updateOne({ _id }, { $set: { price: price + 100 } });
    onTestFinished(async () => {
      await database.sales.updateOne({ _id }, { $set: { price } });
    });
    const { stdout } = await simulate(`${AUTO}, contracts: [{ buyer: northwind, weight: 7 }] }]`);
    expect(stdout).toMatch(/^buyers pay +\$601\.00 +\$600\.00 +\$600\.00 +\$0\.00$/m);
    expect(stdout).toContain('Unchanged, 23 of 24 leads come out as booked. The others do not: ');
  });

  test('covers the leads of one seller on request', async () => {
    const floor = `${AUTO}, sale: { floor: 15 } }]`;
    const own = await simulate(floor, '--seller', 'acme-insurance', '--json');
    expect(JSON.parse(own.stdout)).toMatchObject({ leads: LEADS });
    await database.sellers.insertOne(sellerDocument('GLOBEX00', 'globex', 'Globex'));
    const other = await simulate(floor, '--seller', 'globex');
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(other.stderr).toContain(
      'The change affects no campaign of GLOBEX00, only ACME1234/auto-insurance. Leave `seller` out',
    );
  });

  test.each([
    ['sellers: [{ code: GLOBEX00, name: Renamed }]', [], 'The change affects no campaign: '],
    [`${AUTO}, sale: { floor: 10 } }]`, [], 'The change has no effect: the market already has these values'],
    [
      `${AUTO}, contracts: [{ buyer: contoso, price: 5 }] }]`,
      [],
      '"contoso" is neither in this file nor in the market',
    ],
    [`${AUTO}, sale: { floor: 5 } }]`, ['--since', '2100-01-01'], 'none was received, except for test leads'],
  ])('%s reports the fault', async (change, args, message) => {
    const ran = await simulate(change, ...args);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(message);
  });
});

describe('gavel simulate with a change of one campaign of several', () => {
  let settings: Settings;
  let database: Database;
  let sender: Sender;
  let server: FakeBuyer;
  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    sender = openSender(settings);
    server = await startBuyer();
    const market = `
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers:
  - { id: northwind, name: Northwind, balance: 50.00, post: { url: '${server.url}', timeoutMs: 10000 } }
  - { id: fabrikam, name: Fabrikam, post: { url: '${server.url}', timeoutMs: 10000 } }
campaigns:
  - { seller: ACME1234, category: Auto, required: [phone], contracts: [{ buyer: northwind, price: 10 }, { buyer: fabrikam, price: 9 }] }
  - { seller: ACME1234, category: Boats, required: [phone], contracts: [{ buyer: northwind, price: 20 }] }
`;
    const applied = await gavel(['apply', '-'], asEnvironment(settings), market);
    expect(applied).toMatchObject({ code: 0 });
    // Northwind pays 20 for the boat and 10 for each of three cars; then nothing is left for the fourth.
    for (const category of ['auto', 'boats', 'auto', 'auto', 'auto']) {
      const campaign = await database.campaigns.findOne({ _id: `ACME1234/${category}` });
      if (campaign) await sell(database, sender, { campaign });
    }
    // Sales are confirmed a moment later.
    await confirmCollected(database);
  });
  afterAll(async () => {
    await sender.close();
    await server.close();
    await database.db.dropDatabase();
    await database.client.close();
  });

  const simulated = async (change: string): Promise<unknown> => {
    const args = ['simulate', '--since', '1h', '--change', '-', '--json'];
    return JSON.parse((await gavel(args, asEnvironment(settings), change)).stdout);
  };
  const contract = (terms: string): string =>
    `campaigns: [{ seller: ACME1234, category: Auto, contracts: [${terms}] }]`;

  test('simulates only its leads, and amounts that other campaigns took from a balance stay', async () => {
    expect(await simulated(contract('{ buyer: northwind, weight: 7 }'))).toMatchObject({
      campaigns: ['ACME1234/auto'],
      leads: 4,
      unchanged_as_booked: 4,
      currencies: [
        {
          booked: { sold: 4, revenue: 39 },
          unchanged: { sold: 4, revenue: 39 },
          changed: { sold: 4, revenue: 39 },
        },
      ],
    });
    const dearer = await simulated(contract('{ buyer: northwind, price: 15 }'));
    expect(dearer).toMatchObject({
      currencies: [
        { buyers: [{ buyer: 'northwind', won: { changed: 2 }, spent: { unchanged: 30, changed: 30 } }, {}] },
      ],
    });
  });

  test('simulates all campaigns in which a changed buyer has a contract', async () => {
    expect(await simulated('buyers: [{ id: northwind, balance: 60.00 }]')).toMatchObject({
      campaigns: ['ACME1234/auto', 'ACME1234/boats'],
      leads: 5,
      unchanged_as_booked: 5,
      currencies: [{ unchanged: { revenue: 59 }, changed: { revenue: 60 } }],
    });
  });

  test('leaves out a suppressed lead as one without a round, not as one whose person was erased', async () => {
    const campaign = await database.campaigns.findOne({ _id: 'ACME1234/boats' });
    if (campaign === null) throw new Error('the market has no boats');
    await storeLead(database, campaign, { status: 'withdrawn', reason: 'suppressed', withoutPerson: true });
    expect(
      await simulated('campaigns: [{ seller: ACME1234, category: Boats, sale: { floor: 5 } }]'),
    ).toMatchObject({ leads: 1, left_out: { erased: 0, without_round: 1 } });
  });
});
