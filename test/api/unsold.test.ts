import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry, ExcludedGroup, Round } from '../../src/market/model/round.js';
import { PROBE_IN_PROGRESS } from '../../src/market/auction/asking.js';
import { windowKey } from '../../src/market/calendar/windows.js';
import { listByOutcome } from '../../src/store/leads/listLeads.js';
import { countByStatus, unsoldReasons } from '../../src/store/reports/unsoldLeads.js';
import type { CampaignDocument, LeadDocument } from '../../src/store/documents.js';
import { storeLead, storeMarket } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { gavel } from '../cli/gavel.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';

const server = { url: 'http://127.0.0.1:9/', secret: 'whsec_eA==' } as never;

describe('why leads are unsold', () => {
  let world: AdminWorld;
  let campaign: CampaignDocument;
  let other: CampaignDocument;
  beforeAll(async () => {
    world = await openAdminWorld();
    const { database } = world;
    campaign = await storeMarket(
      database,
      {
        northwind: { server, contract: { caps: { total: 1 } } },
        fabrikam: { server, contract: { pausedUntil: Date.UTC(2999, 0, 1) } },
        contoso: { server, contract: { states: ['CA'] } },
      },
      { category: 'Boats' },
    );
    other = await storeMarket(database, {}, { category: 'Planes' });
    await database.usage.insertOne({ _id: `${campaign._id}/northwind`, sold: { total: 1 } });
    const state: ExcludedGroup = { reason: 'state', detail: 'buys CA only', buyers: 'contoso' };
    const paused: ExcludedGroup = { reason: 'paused', detail: 'the contract', buyers: 'fabrikam' };
    const capped: ExcludedGroup = { reason: 'capped', detail: '1 lead in all', buyers: 'northwind' };
    const gone: ExcludedGroup = { reason: 'duplicate', buyers: 'tailspin' };
    await lead({ status: 'pending', reason: 'no_buyer_eligible' }, [capped, paused, state]);
    await lead(
      { status: 'expired', reason: 'no_bid' },
      [paused, state, gone],
      [asked({ reason: 'timeout' })],
    );
    await lead({ status: 'pending', reason: 'below_floor' }, [paused, state], [asked({ price: 500 })]);
    await lead({ status: 'withdrawn', reason: 'suppressed' });
    await lead(
      { status: 'sold', price: 4500, buyerIds: ['northwind'] },
      [paused, state],
      [asked({ price: 4500 })],
    );
    await lead({ status: 'pending', claimed: 1 }, [paused, state], [asked({ price: 4500 })]);
    await lead({ status: 'pending', test: true, reason: 'no_bid' }, [capped, paused, state]);
    await lead({ status: 'expired', receivedAt: new Date('2026-01-01'), reason: 'no_bid' }, [capped, state]);
    await storeLead(database, other, { status: 'expired', reason: 'no_bid' });
  });
  afterAll(() => world.close());

  const asked = (came: { price: number } | { reason: 'timeout' }): Entry => ({
    contract: `${campaign._id}/northwind`,
    buyer: 'northwind',
    tier: 1,
    ms: 40,
    ...('price' in came ? { bid: came } : { noBid: came }),
  });

  /** The second round is the last; the first is not counted. */
  async function lead(
    terms: Partial<LeadDocument>,
    excluded: ExcludedGroup[] = [],
    entries: Entry[] = [],
  ): Promise<void> {
    const round: Round = {
      number: 2,
      campaign: campaign._id,
      version: 1,
      at: Date.now(),
      terms: { currency: 'USD', sale: campaign.sale, pending: campaign.pending },
      excluded,
      entries,
      later: [],
      changes: [],
      tell: { postbacks: 0, notices: {} },
    };
    const first = { ...round, number: 1, excluded: [{ reason: 'closed' as const, buyers: 'northwind' }] };
    const rounds: Record<string, Round> = excluded.length === 0 ? {} : { 1: first, 2: round };
    await storeLead(world.database, campaign, { ...terms, rounds, lastRound: 2 });
  }

  const reasonsOf = async (query: string) =>
    (await world.ask(`GET /admin/leads/reasons?since=2026-06-01${query}`)).body;

  it('are counted for each contract, by the last round of each unsold lead', async () => {
    expect(await reasonsOf(`&campaign=${campaign._id}`)).toMatchObject({
      statuses: { pending: 3, expired: 1, withdrawn: 1, sold: 1 },
      unsold: 5,
      under_way: 1,
      reasons: expect.arrayContaining([
        { reason: 'no_buyer_eligible', leads: 1 },
        { reason: 'no_bid', leads: 1 },
        { reason: 'below_floor', leads: 1 },
        { reason: 'suppressed', leads: 1 },
        { reason: 'none', leads: 1 },
      ]) as unknown,
      contracts: expect.arrayContaining([
        {
          contract: `${campaign._id}/northwind`,
          buyer: 'northwind',
          leads: 3,
          reasons: [
            { reason: 'capped', asked: false, leads: 1, details: [] },
            { reason: 'timeout', asked: true, leads: 1, details: [] },
            {
              reason: 'below_floor',
              asked: true,
              leads: 1,
              details: [{ detail: 'the floor is $10.00', leads: 1 }],
            },
          ],
          now: { takes_leads: false, reason: 'capped', detail: '1 lead in all, which does not reset' },
        },
        expect.objectContaining({
          contract: `${campaign._id}/fabrikam`,
          leads: 3,
          now: {
            takes_leads: false,
            reason: 'paused',
            detail: 'the contract, until 2999-01-01 00:00:00 UTC',
            until: '2999-01-01T00:00:00.000Z',
          },
        }),
        expect.objectContaining({
          contract: `${campaign._id}/contoso`,
          reasons: [
            { reason: 'state', asked: false, leads: 3, details: [{ detail: 'buys CA only', leads: 3 }] },
          ],
          now: { takes_leads: true },
        }),
        expect.objectContaining({
          contract: `${campaign._id}/tailspin`,
          now: { takes_leads: false, reason: 'gone', detail: 'it has left the market' },
        }),
      ]) as unknown,
    });
  });

  it('can be filtered by buyer, campaign or seller, each of which must exist', async () => {
    const { contracts } = await reasonsOf('&buyer=contoso');
    expect(contracts).toMatchObject([{ buyer: 'contoso' }]);
    expect(await reasonsOf(`&campaign=acme-insurance/Planes`)).toMatchObject({ unsold: 1, contracts: [] });
    expect(await reasonsOf('&seller=acme-insurance')).toMatchObject({ unsold: 6 });
    expect(await reasonsOf('&campaign=ACME1234/boat')).toMatchObject({
      error: 'Not found',
      message: 'The market has no campaign "ACME1234/boat"; did you mean ACME1234/boats?',
    });
    for (const [named, meant] of [
      ['buyer=northwinds', 'northwind'],
      ['buyer=fabrykham', 'fabrikam'],
      ['campaign=boats', 'ACME1234/boats'],
      ['campaign=Boat', 'ACME1234/boats'],
    ])
      expect(await reasonsOf(`&${named}`)).toMatchObject({
        message: expect.stringContaining(`; did you mean ${meant}?`) as string,
      });
  });

  it('are read in batches, and the batches sum to the total', async () => {
    const query = { since: new Date('2026-06-01'), until: new Date(), campaign: campaign._id };
    const counts: number[] = [];
    let contoso = 0;
    for (let after: string | undefined; ;) {
      const part = await unsoldReasons(world.database, query, { after, most: 2 });
      counts.push([...part.leads.values()].reduce((sum, leads) => sum + leads, 0));
      contoso += part.contracts.find(({ buyer }) => buyer === 'contoso')?.leads ?? 0;
      after = part.next;
      if (after === undefined) break;
    }
    expect(counts).toEqual([2, 2, 1]);
    expect(contoso).toBe(3);
    expect((await countByStatus(world.database, query)).get('sold')).toBe(1);
  });

  it('are shown as bars, locally and with --remote', async () => {
    const args = [
      'leads',
      'reasons',
      '--since',
      '2026-06-01',
      '--until',
      '2999-01-01',
      '--campaign',
      campaign._id,
    ];
    const here = await gavel(args, asEnvironment(world.settings));
    expect(here).toMatchObject({ code: 0, stderr: '' });
    expect(here.stdout).toContain('6 leads received from 2026-06-01 00:00:00 UTC to 2999-01-01 00:00:00 UTC');
    expect(here.stdout).toMatch(/pending +█+ 3 \(50\.0 %\)/);
    expect(here.stdout).toContain('Why 5 leads are unsold, by how far the last round came:');
    expect(here.stdout).toContain(
      `${campaign._id}/northwind, 3 leads; now: capped: 1 lead in all, which does not reset`,
    );
    expect(here.stdout).toMatch(/ {2}not asked: state {2}█+ 3 \(100\.0 %\) {2}buys CA only: 3/);
    expect(here.stdout).toMatch(/ {2}asked: below floor +█+ 1 \(33\.3 %\) {2}the floor is \$10\.00: 1/);
    const key = await world.adminKeyFor(['leads:read']);
    const afar = await gavel(['--remote', world.admin.address, ...args], { GAVEL_ADMIN_KEY: key });
    expect(afar).toEqual(here);
  });

  const listed = async (query: string) => {
    const { body } = await world.ask(`GET /admin/leads?since=2026-06-01${query}`);
    return (body.leads as { status: string; reason?: string }[]).map(
      ({ status, reason }) => `${status} ${reason}`,
    );
  };

  it('can be listed by reason, by campaign, and by buyer', async () => {
    expect(await listed('&reason=no_bid&campaign=ACME1234/boats')).toEqual([
      'pending no_bid',
      'expired no_bid',
    ]);
    expect(await listed('&campaign=acme-insurance/planes')).toEqual(['expired no_bid']);
    expect(await listed('&buyer=northwind')).toEqual(['sold undefined']);
    expect((await world.ask('GET /admin/leads?reason=capped')).body).toMatchObject({
      error: 'Invalid field',
      message: expect.stringMatching(
        /^"capped" is not a reason of a lead. Use one of no_buyer_eligible, .*add `buyer`/,
      ) as string,
    });
  });

  it('can be listed by the last outcome of a buyer', async () => {
    expect(await listed('&buyer=northwind&reason=below_floor')).toEqual(['pending below_floor']);
    expect(await listed('&buyer=northwind&reason=closed')).toEqual([]);
    expect(await listed('&buyer=contoso&reason=state&status=pending&limit=2')).toEqual([
      'pending no_bid',
      'pending undefined',
    ]);
    const args = ['leads', 'list', '--buyer', 'northwind', '--reason'];
    const found = await gavel([...args, 'capped', '--json'], asEnvironment(world.settings));
    expect(JSON.parse(found.stdout)).toMatchObject({ leads: { length: 3 }, more: false });
    expect(await gavel([...args, 'caped'], asEnvironment(world.settings))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean capped?') as string,
    });
  });

  it('are paged from the last lead examined', async () => {
    const outcome = { buyer: 'northwind', reason: 'below_floor' } as const;
    const ids: string[] = [];
    let searches = 0;
    for (let before: string | undefined; ; searches++) {
      const search = { limit: 5, mostRead: 2 };
      const { leads, searchedTo } = await listByOutcome(world.database, { before }, outcome, search);
      ids.push(...leads.map(({ _id }) => _id));
      before = searchedTo;
      if (before === undefined) break;
    }
    expect(ids).toHaveLength(1);
    expect(searches).toBeGreaterThan(1);
  });

  it('show the limit that blocked a bid, the rest of a budget, and an open circuit', async () => {
    const { database } = world;
    const contract = { budget: { day: 3000 } };
    const trucks = await storeMarket(
      database,
      { budgeted: { server, contract }, failing: { server } },
      { category: 'Trucks' },
    );
    await database.usage.insertOne({
      _id: `${trucks._id}/budgeted`,
      spent: { [windowKey('day', 'UTC', Date.now())]: 1500 },
    });
    const bids = ['budgeted', 'failing'].map((buyer): Entry => ({
      contract: `${trucks._id}/${buyer}`,
      buyer,
      tier: 1,
      ...(buyer === 'failing' ? { noBid: PROBE_IN_PROGRESS } : { bid: { price: 2000 } }),
    }));
    const round: Round = {
      number: 1,
      campaign: trucks._id,
      version: 1,
      at: Date.now(),
      terms: { currency: 'USD', sale: trucks.sale, pending: trucks.pending },
      excluded: [],
      entries: bids,
      later: [],
      changes: [],
      tell: { postbacks: 0, notices: {} },
    };
    const over = { round: 1, contract: `${trucks._id}/budgeted`, answer: 'over_budget' as const };
    const passed = [{ ...over, detail: '$30.00 a day, until then' }];
    const standing = { status: 'pending', reason: 'no_bid' } as const;
    await storeLead(database, trucks, { ...standing, rounds: { 1: round }, lastRound: 1, passed });
    const { stdout } = await gavel(
      ['leads', 'reasons', '--campaign', trucks._id],
      asEnvironment(world.settings),
    );
    expect(stdout).toMatch(/asked: over budget +█+ 1 \(100\.0 %\) +\$30\.00 a day, until then: 1/);
    expect(stdout).toMatch(
      /budgeted, 1 lead; takes leads now up to \$15\.00, what is left of \$30\.00 a day, until 2\S+ 00:00:00 UTC/,
    );
    expect(stdout).toMatch(/ {2}not asked: left out +█/);
  });
});
