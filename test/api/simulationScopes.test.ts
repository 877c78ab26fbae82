import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MIN_LEADS_SHOWN } from '../../src/operations/simulate/simulationView.js';
import type { Round } from '../../src/market/model/round.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import type { Scope } from '../../src/store/scopes.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import type { Reply } from './world.js';

const BOATS = { seller: 'ACME1234', category: 'Boats' };

describe('a simulation through the API', () => {
  let world: AdminWorld;
  let campaign: CampaignDocument;
  let server: FakeBuyer;
  beforeAll(async () => {
    world = await openAdminWorld();
    server = await startBuyer();
    const filters = [{ field: 'phone', startsWith: ['214'] }];
    campaign = await storeMarket(
      world.database,
      { northwind: { server, contract: { price: 1200, filters } } },
      { category: 'Boats' },
    );
  });
  afterAll(async () => {
    await server.close();
    await world.close();
  });
  beforeEach(async () => {
    await world.database.leads.deleteMany({});
    await world.database.audit.deleteMany({});
  });

  /** Recent unsold leads. */
  async function leads(count: number, fields: Record<string, string> = {}): Promise<void> {
    const { sale, pending, currency } = campaign;
    const round: Round = {
      number: 1,
      campaign: campaign._id,
      version: 1,
      at: Date.now() - 60_000,
      terms: { currency, sale, pending },
      ...{ excluded: [], entries: [], later: [], changes: [] },
      tell: { postbacks: 0, notices: {} },
    };
    const receivedAt = new Date(Date.now() - 60_000);
    const told = { status: 'expired', receivedAt, rounds: { 1: round } } as const;
    const person = { state: 'TX', phone: '214-555-0187', ...fields };
    for (let i = 0; i < count; i++) await storeLead(world.database, campaign, { ...told, fields: person });
  }

  async function simulate(
    change: object,
    { scopes = ['simulations:read'], seller }: { scopes?: Scope[]; seller?: string } = {},
  ): Promise<Reply> {
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const key = await world.adminKeyFor(scopes, 'erin');
    const of = seller === undefined ? '' : `&seller=${seller}`;
    return world.ask(`POST /admin/simulate?since=${since}${of}`, change, key);
  }
  const contractWith = (terms: object) => ({
    campaigns: [{ ...BOATS, contracts: [{ buyer: 'northwind', ...terms }] }],
  });

  it.each([
    [
      'a filter on a phone',
      contractWith({ filters: [{ field: 'phone', startsWith: ['2145550187'] }] }),
      'phone',
    ],
    [
      'a filter on any other field',
      contractWith({ filters: [{ field: 'pets', exists: true }] }),
      'pets, phone',
    ],
    [
      'a filter within others',
      contractWith({
        filters: [{ any: [{ field: 'state', equals: 'TX' }, { all: [{ field: 'zip', equals: '75001' }] }] }],
      }),
      'phone, zip',
    ],
    ['no filter left', contractWith({ filters: null }), 'phone'],
    [
      'a field declared to be something else',
      { campaigns: [{ ...BOATS, fields: { roof: { type: 'enum', values: { tile: ['Tiles'] } } } }] },
      'roof',
    ],
    [
      'another clock for ages',
      contractWith({ timezone: 'Asia/Tokyo', filters: [{ field: 'dob', age: { min: 18 } }] }),
      'dob, phone',
    ],
    [
      'a new contract with one',
      {
        buyers: [
          { id: 'contoso', name: 'Contoso', post: { url: 'https://contoso.example/', timeoutMs: 800 } },
        ],
        campaigns: [
          {
            ...BOATS,
            contracts: [{ buyer: 'contoso', price: 15, filters: [{ field: 'email', exists: true }] }],
          },
        ],
      },
      'email',
    ],
  ])('with %s reads personal input and requires its scope', async (_what, change, fields) => {
    await leads(MIN_LEADS_SHOWN);
    const refused = await simulate(change);
    expect([refused.status, refused.body.error]).toEqual([403, 'Scope missing']);
    expect(refused.body.message).toContain(`filters on personal fields (${fields})`);
    expect(refused.body.message).toContain('a key that also has the scope persons:read');
    expect(await world.database.audit.countDocuments()).toBe(0);
    const { status, body } = await simulate(change, { scopes: ['simulations:read', 'persons:read'] });
    expect([status, body.leads]).toEqual([200, MIN_LEADS_SHOWN]);
  });

  it.each([
    ['another price beside a filter that stays', contractWith({ price: 13 })],
    [
      'a filter that stays, written again',
      contractWith({ price: 13, filters: [{ field: 'phone', startsWith: ['214'] }] }),
    ],
    ['states', contractWith({ states: ['TX'] })],
  ])('with %s reads no personal input', async (_what, change) => {
    await leads(MIN_LEADS_SHOWN);
    expect(await simulate(change)).toMatchObject({ status: 200 });
  });

  it('is in the audit with actor and changed keys, without values', async () => {
    await leads(MIN_LEADS_SHOWN);
    const change = contractWith({ price: 13, filters: [{ field: 'phone', startsWith: ['2145550'] }] });
    expect(await simulate(change, { scopes: ['simulations:read', 'persons:read'] })).toMatchObject({
      status: 200,
    });
    const deeds = await world.database.audit.find().toArray();
    expect(deeds).toMatchObject([
      {
        who: 'erin',
        via: 'api',
        kind: 'simulation',
        did: 'simulated',
        values: [
          { path: 'since', to: expect.stringMatching(/^\d{4}-/) as string },
          { path: 'contract ACME1234/boats/northwind', to: 'price, filters[0].startsWith' },
        ],
      },
    ]);
    expect(JSON.stringify(deeds)).not.toMatch(/2145|13\.00/);
  });

  it('covers only the leads of one seller, records that, and rejects an unknown seller', async () => {
    await leads(MIN_LEADS_SHOWN);
    expect(await simulate(contractWith({ price: 13 }), { seller: 'acme-insurance' })).toMatchObject({
      status: 200,
      body: { campaigns: ['ACME1234/boats'], leads: MIN_LEADS_SHOWN },
    });
    expect(await world.database.audit.findOne({ kind: 'simulation' })).toMatchObject({
      values: [{ path: 'since' }, { path: 'seller', to: 'ACME1234' }, {}],
    });
    const other = await simulate(contractWith({ price: 13 }), { seller: 'globex' });
    expect([other.status, other.body.error]).toEqual([409, 'Conflict']);
    expect(await simulate(contractWith({ price: 13 }), { seller: 'nobody' })).toMatchObject({ status: 404 });
  });

  it('reads earlier stored fields with a new declaration', async () => {
    await leads(MIN_LEADS_SHOWN, { roof: 'Asphalt shingle', credit: '700-749', phone: '(214) 555-0187' });
    const change = (min: number) => ({
      campaigns: [
        {
          ...BOATS,
          fields: {
            roof: { type: 'enum', values: { asphalt: ['Asphalt Shingle'] } },
            credit: { type: 'range' },
          },
          contracts: [
            {
              buyer: 'northwind',
              filters: [
                { field: 'roof', equals: 'asphalt' },
                { field: 'credit', range: { min } },
                { field: 'areaCode', oneOf: ['214'] },
              ],
            },
          ],
        },
      ],
    });
    const simulated = async (min: number) =>
      (await simulate(change(min), { scopes: ['simulations:read', 'persons:read'] })).body;
    expect(await simulated(700)).toMatchObject({ currencies: [{ changed: { sold: 10 } }] });
    expect(await simulated(701)).toMatchObject({ currencies: [{ changed: { sold: 0 } }] });
    expect(JSON.stringify(await world.database.audit.find().toArray())).not.toMatch(/asphalt/i);
  });

  it('shows figures of no lead or of ten and more leads only', async () => {
    expect((await simulate(contractWith({ price: 13 }))).body).toMatchObject({ leads: 0, currencies: [] });
    await leads(MIN_LEADS_SHOWN - 1);
    const few = await simulate(contractWith({ price: 13 }));
    expect([few.status, few.body.error]).toEqual([409, 'Conflict']);
    expect(few.body.message).toContain('Fewer than 10 leads of ACME1234/boats');
    await leads(1);
    expect((await simulate(contractWith({ price: 13 }))).body).toMatchObject({
      fewest_leads: 10,
      leads: 10,
      currencies: [
        {
          booked: { leads: 10, sold: 0, revenue: 0 },
          unchanged: { leads: 10 },
          changed: { sold: 10, revenue: 130 },
        },
      ],
    });
  });
});
