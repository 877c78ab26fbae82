import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseMarketChange } from '../../src/store/marketChanges.js';
import { storeLead } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { gavel, type Ran } from '../cli/gavel.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import type { Reply } from './world.js';

const MARKET = `
sellers: [{ code: INITECH0, slug: initech, name: Initech }]
buyers:
  - { id: contoso, name: Contoso, post: { url: 'https://contoso.example/', timeoutMs: 800 }, balance: 100.00 }
campaigns:
  - seller: INITECH0
    category: Speed Boats
    sale: { floor: 5.00 }
    contracts: [{ buyer: contoso, price: 12.50, states: [TX], caps: { day: 5 } }]
`;
const CAMPAIGN = 'INITECH0/speed-boats';
const CONTRACT = `${CAMPAIGN}/contoso`;
const LATER = '2999-01-01T09:00:00-06:00';

describe('pausing', () => {
  let world: AdminWorld;
  beforeAll(async () => {
    world = await openAdminWorld();
    const applied = await world.ask('PUT /admin/market', MARKET, undefined, {
      'content-type': 'application/yaml',
    });
    expect(applied.status).toBe(200);
    const campaign = await world.database.campaigns.findOne({ _id: CAMPAIGN });
    if (campaign === null) throw new Error('The market was not applied');
    for (const status of ['pending', 'pending', 'expired'] as const)
      await storeLead(world.database, campaign, { status });
  });
  afterAll(() => world.close());

  const ask = (path: string, body?: object): Promise<Reply> => world.ask(`POST /admin/${path}`, body);
  const run = (...args: string[]): Promise<Ran> => gavel(args, asEnvironment(world.settings));
  const lastDeed = async (id: string) =>
    (await world.ask(`GET /admin/audit?of=${id}`)).body.entries as object[];

  it.each([
    ['buyer', 'buyers/contoso', 'contoso', 'buyers'],
    ['campaign', 'campaigns/INITECH0/speed-boats', CAMPAIGN, 'campaigns'],
    ['contract', 'contracts/initech/Speed%20Boats/contoso', CONTRACT, 'contracts'],
  ] as const)(
    'a %s until it is resumed, and no key but these two is changed',
    async (kind, path, id, list) => {
      const stored = () => world.database.db.collection<{ _id: string }>(list).findOne({ _id: id });
      const before = await stored();
      const paused = await ask(`${path}/pause`);
      expect([paused.status, paused.body]).toEqual([
        200,
        { kind, id, paused: true, changed: true, waiting_leads: 2 },
      ]);
      expect(await stored()).toEqual({ ...before, active: false });
      expect(await lastDeed(id)).toMatchObject([
        { who: 'dana', did: 'changed', changes: [{ path: 'active', from: 'true', to: 'false' }] },
        { did: 'created' },
      ]);
      expect((await ask(`${path}/pause`)).body).toMatchObject({ paused: true, changed: false });
      expect((await ask(`${path}/resume`)).body).toMatchObject({ paused: false, changed: true });
      expect((await ask(`${path}/resume`)).body).toMatchObject({ paused: false, changed: false });
      expect(await stored()).toEqual(before);
    },
  );

  it('until a time, and resuming wakes waiting leads', async () => {
    await world.database.marketChanges.deleteMany({});
    const paused = await ask('contracts/INITECH0/speed-boats/contoso/pause', { until: LATER });
    expect(paused.body).toMatchObject({ paused: true, paused_until: '2999-01-01T15:00:00Z', changed: true });
    expect(await world.database.contracts.findOne({ _id: CONTRACT })).toMatchObject({
      active: true,
      pausedUntil: Date.parse(LATER),
      caps: { day: 5 },
    });
    const [deed] = await lastDeed(CONTRACT);
    expect(deed).toMatchObject({ changes: [{ path: 'pausedUntil', to: '2999-01-01T15:00:00Z' }] });
    expect(await world.database.marketChanges.findOne({ _id: CAMPAIGN })).toBeNull();
    const market = await world.ask('GET /admin/market', undefined, undefined, { accept: 'application/json' });
    expect(JSON.stringify(market.body)).toContain('"pausedUntil":"2999-01-01T15:00:00Z"');
    await ask('contracts/INITECH0/speed-boats/contoso/resume');
    const wake = await leaseMarketChange(world.database, new Date(Date.now() + 60_000));
    expect(wake).toMatchObject({ _id: CAMPAIGN, contracts: [CONTRACT] });
  });

  it('accepts a duration from now, which replaces a pause without end', async () => {
    await ask('buyers/contoso/pause');
    const began = Date.now();
    const { body } = await ask('buyers/contoso/pause', { until: '2h' });
    const left = Date.parse(String(body.paused_until)) - began;
    expect(left).toBeGreaterThanOrEqual(2 * 3_600_000);
    expect(left).toBeLessThan(2 * 3_600_000 + 60_000);
    expect(await world.database.buyers.findOne({ _id: 'contoso' })).toMatchObject({ active: true });
    await ask('buyers/contoso/resume');
  });

  it('does not wake leads if the resumed object was not paused', async () => {
    const over = { $set: { pausedUntil: Date.now() - 1000 } };
    await world.database.buyers.updateOne({ _id: 'contoso' }, over);
    await world.database.marketChanges.deleteMany({});
    expect((await ask('buyers/contoso/resume')).body).toMatchObject({ paused: false, changed: false });
    expect(await world.database.marketChanges.findOne({ _id: CAMPAIGN })).toBeNull();
  });

  it.each([
    ['buyers/contosa/pause', undefined, 404, 'The market has no buyer "contosa"; did you mean contoso?'],
    [
      'campaigns/INITECH0/boats/pause',
      undefined,
      404,
      'The market has no campaign "INITECH0/boats"; did you mean',
    ],
    [
      'contracts/INITECH0/speed-boats/contosa/resume',
      undefined,
      404,
      `The market has no contract "INITECH0/speed-boats/contosa"; did you mean ${CONTRACT}?`,
    ],
    ['buyers/contoso/pause', { until: '2999-01-01' }, 400, 'is not a date and time with its offset from UTC'],
    [
      'buyers/contoso/pause',
      { until: '2020-01-01T00:00:00Z' },
      400,
      '2020-01-01 00:00:00 UTC is in the past',
    ],
    ['buyers/contoso/pause', { until: '999999999d' }, 400, 'is not a date and time'],
  ])('%s with %j is rejected, and nothing is changed', async (path, body, status, message) => {
    const before = await world.ask('GET /admin/market', undefined, undefined, { accept: 'application/json' });
    const reply = await ask(path, body);
    expect(reply.status).toBe(status);
    expect(reply.body.message).toContain(message);
    const after = await world.ask('GET /admin/market', undefined, undefined, { accept: 'application/json' });
    expect(after.body).toEqual(before.body);
  });

  it('can be done by commands, which print the current state', async () => {
    expect((await run('campaigns', 'pause', CAMPAIGN, '--until', LATER)).stdout).toBe(
      `The campaign ${CAMPAIGN} is paused until 2999-01-01 15:00:00 UTC.\n2 unsold leads wait in it.\n`,
    );
    expect((await run('campaigns', 'list')).stdout).toMatch(
      new RegExp(`^${CAMPAIGN} +paused until 2999-01-01 15:00:00 UTC +exclusive +\\$5\\.00 +1 +2$`, 'm'),
    );
    expect((await run('contracts', 'list', '--buyer', 'contoso')).stdout).toMatch(
      new RegExp(`^${CONTRACT} +its campaign is paused +\\$12\\.50 +1$`, 'm'),
    );
    expect((await run('campaigns', 'resume', CAMPAIGN)).stdout).toContain('is resumed.\n');
    expect((await run('campaigns', 'resume', CAMPAIGN)).stdout).toContain('is not paused, as before.\n');
    expect((await run('contracts', 'pause', CONTRACT)).stdout).toBe(
      `The contract ${CONTRACT} is paused until it is resumed.\n2 unsold leads wait in its campaign.\n`,
    );
    expect((await run('contracts', 'pause', CONTRACT)).stdout).toContain('until it is resumed, as before.');
    expect((await run('contracts', 'list')).stdout).toMatch(new RegExp(`^${CONTRACT} +paused +`, 'm'));
    await run('contracts', 'resume', CONTRACT);
    expect((await run('buyers', 'pause', 'contoso', '--until', '3d')).stdout).toContain('is paused until 2');
    expect((await run('buyers', 'list')).stdout).toMatch(/^contoso +no, until 2\S+ \S+ UTC +answers/m);
    await run('buyers', 'resume', 'contoso');
    expect((await run('buyers', 'list')).stdout).toMatch(/^contoso +yes/m);
  });

  it.each([
    [['contracts', 'pause', CAMPAIGN], 'Write a contract’s id, such as ACME1234/auto-insurance/northwind'],
    [['buyers', 'pause', 'contoso', '--until', 'monday'], 'Write a time with its offset from UTC'],
    [['buyers', 'pause', 'contoso', '--until', '2020-01-01T00:00:00Z'], 'has passed already'],
  ])('%j is wrong usage', async (args, message) => {
    const ran = await run(...args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
  });

  it('works with --remote as it does locally', async () => {
    const key = await world.adminKeyFor(['market:read', 'market:write']);
    const afar = (...args: string[]) =>
      gavel(['--remote', world.admin.address, ...args], { GAVEL_ADMIN_KEY: key });
    expect(await afar('contracts', 'list')).toEqual(await run('contracts', 'list'));
    expect(await afar('campaigns', 'list')).toEqual(await run('campaigns', 'list'));
    expect((await afar('contracts', 'pause', CONTRACT, '--until', LATER)).stdout).toContain(
      'is paused until 2999-01-01 15:00:00 UTC',
    );
    expect((await afar('contracts', 'resume', CONTRACT)).stdout).toContain('is resumed.');
  });
});
