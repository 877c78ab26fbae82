import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startAdminApi } from '../../src/api/server.js';
import { openSender } from '../../src/buyers/send.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { nextStep } from '../../src/market/decide.js';
import { openDatabase, type CampaignDocument, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { stepsOn } from '../support/steps.js';
import { gavel, type Ran } from './gavel.js';

const LEADS = 24;
const AUTO = 'campaigns: [{ seller: ACME1234, category: Auto Insurance';

describe('gavel simulate', () => {
  let settings: Settings;
  let database: Database;
  let sender: ReturnType<typeof openSender>;
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
    // Northwind takes no more than twelve leads, and fabrikam the rest.
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
    for (let i = 0; i < LEADS; i++) await sell(campaign, false);
    await sell(campaign, true);
  });

  /** Sells a lead by the steps of its workflow. */
  async function sell(campaign: CampaignDocument, isTest: boolean): Promise<void> {
    const { runRound, sellLead } = stepsOn(database, sender.send);
    const { _id: leadId } = await storeLead(database, campaign, { test: isTest });
    const round = await runRound({ leadId, number: 1, now: Date.now() });
    if ('ended' in round) throw new Error('The lead has ended before its first round');
    const step = nextStep(leadId, round, []);
    if (step === 'over' || !('offers' in step)) throw new Error('Nobody bids for the lead');
    for (const offer of step.offers) {
      const { sale } = round.terms;
      const { answer } = await sellLead({ leadId, round: 1, sale, offer, now: Date.now() });
      expect(answer).toBe('accepted');
    }
  }

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

  test('says before what the books say, and after what the changed floor would have sold', async () => {
    const ran = await simulate(`${AUTO}, sale: { floor: 15 } }]`, '--json');
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Error') as string });
    // Northwind bid 20, 30 and ten times 40 and was full then; fabrikam's price of 12.50 is below the new floor.
    expect(JSON.parse(ran.stdout)).toMatchObject({
      leads: LEADS,
      without_change: { sold_as_before: LEADS },
      assumed: { leads: 0 },
      currencies: [
        {
          currency: 'USD',
          before: {
            leads: LEADS,
            sold: LEADS,
            revenue: 600,
            sellers_earn: await sums('seller:ACME1234'),
            house_keeps: await sums('house'),
          },
          after: { sold: 12 },
          buyers: [
            {
              buyer: 'northwind',
              won: { before: 12, after: 12 },
              spent: { before: -(await sums('buyer:northwind')) },
            },
            {
              buyer: 'fabrikam',
              won: { before: 12, after: 0 },
              spent: { before: -(await sums('buyer:fabrikam')), after: 0 },
            },
          ],
        },
      ],
    });
  });

  test('sends nothing to anyone and writes nothing but its line in the audit', async () => {
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

  test('shows what changes, the sums, a bar for each buyer, and what it rests on', async () => {
    const { stdout } = await simulate(`${AUTO}, contracts: [{ buyer: northwind, caps: { total: 11 } }] }]`);
    expect(stdout).toContain(`${LEADS} leads received since `);
    expect(stdout).toContain('    caps.total: 12 → 11\n');
    expect(stdout).toMatch(/^sold +24 +24 +0$/m);
    expect(stdout).toMatch(/^buyers pay +\$600\.00 +\$572\.50 +−\$27\.50 +−4\.6 %$/m);
    expect(stdout).toMatch(/^northwind +12 +11 +−1 +\$450\.00 +\$410\.00 +−\$40\.00 +−8\.9 %$/m);
    expect(stdout).toMatch(/^northwind {2}█{40} \$450\.00\n {11}█+\S? \$410\.00$/m);
    expect(stdout).toContain(
      '1 lead rests on an assumption: 1 on the answer of a buyer that was not sent the lead.',
    );
    expect(stdout).toContain('Nothing was sent to anyone, and nothing was changed.');
    expect(stdout).not.toMatch(/John|555-?123/);
  });

  test('prints the same from afar, with the figures that may be told there', async () => {
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const admin = await startAdminApi(
      { ...settings, ADMIN_PORT: 0 },
      createLog({ LOG_LEVEL: 'silent' }, 'admin'),
    );
    onTestFinished(() => admin.close());
    const { key } = await createKey(database, { admin: 'ops', scopes: ['simulations:read'], test: false });
    const change = `${AUTO}, sale: { floor: 15 }, contracts: [{ buyer: northwind, model: { lowest: 16, accepts: 50 } }] }]`;
    const ask = (...args: string[]) => ['simulate', '--since', since, '--change', '-', ...args];
    const afar = (...args: string[]): Promise<Ran> =>
      gavel(['--remote', admin.address, ...ask(...args)], { GAVEL_ADMIN_KEY: key }, change);
    const here = await gavel(ask(), asEnvironment(settings), change);
    const limit = 'From afar, figures of fewer than 10 leads are not shown.\n';
    const told = await afar();
    expect(told.stdout).toContain(limit);
    expect({ ...told, stdout: told.stdout.replace(limit, '') }).toEqual({ ...here, stderr: '' });
    const asJson: unknown = JSON.parse((await afar('--json')).stdout);
    expect(asJson).toMatchObject({ file: '-', leads: LEADS, currencies: [{ after: { sold: 12 } }] });
  });

  test.each([
    [`${AUTO}, sale: { floor: 10 } }]`, [], 'changes nothing: the market is as it says already'],
    [
      `${AUTO}, contracts: [{ buyer: contoso, price: 5 }] }]`,
      [],
      '"contoso" is neither in this file nor in the store',
    ],
    [`${AUTO}, sale: { floor: 5 } }]`, ['--since', '2100-01-01'], 'none was received but for tests'],
  ])('%s says what is wrong', async (change, args, message) => {
    const ran = await simulate(change, ...args);
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(message);
  });
});
