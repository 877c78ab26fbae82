import { createHash } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setSpecsAccess } from '../../src/store/market/specs.js';
import { startBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { openApiWorld, type ApiWorld } from './world.js';

describe('The specs page of a campaign', () => {
  let world: ApiWorld;
  let path = '';
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 100 });
    await storeMarket(
      world.database,
      {},
      {
        category: 'Roof & Gutter',
        required: ['firstName', 'phone', 'roof'],
        fields: {
          roof: {
            type: 'enum',
            label: 'Kind of <b>roof</b> | "roof"',
            values: [
              { value: 'flat', labels: ['Flat'] },
              { value: "owner's $& `x`", labels: [] },
            ],
          },
          interests: { type: 'list' },
        },
      },
    );
    const link = await setSpecsAccess(world.database, 'ACME1234/roof-gutter', 'link');
    path = `/specs/${link?.token ?? ''}/roof-gutter`;
  });
  afterAll(() => world.close());

  const get = async (at: string) => {
    const response = await fetch(world.api.address + at);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  test('shows the fields of the campaign, with allowed values and examples', async () => {
    const { status, text, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('<title>Acme Insurance Leads · Roof &#38; Gutter leads</title>');
    const [required = ''] = /<h3 id="required">.*?<\/table>/s.exec(text) ?? [];
    expect(required).toMatch(/<td><code>roof<\/code><\/td><td>.*<code>flat<\/code>/);
    for (const chapter of [
      'Three steps',
      'Send a lead',
      'Try it',
      'From a form builder',
      'Fields',
      'What comes back',
      'Ask later',
      'Errors',
      'Limits',
    ])
      expect(text).toContain(`>${chapter}</`);
    expect(text).not.toContain('<b>roof</b>');
  });

  test('runs nothing but its own script, keeps its address to itself and is in no search engine', async () => {
    const { headers, text } = await get(path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => script);
    const sources = scripts.map(
      (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    );
    expect(/script-src ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1]).toBe(
      sources.join(' '),
    );
    expect(text.match(/<script|\son\w+=/g)).toHaveLength(1);
    expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-robots-tag')).toBe('noindex');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('is also there as Markdown, with the same content', async () => {
    const { text, headers } = await get(`${path}/spec.md`);
    expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(text).toMatch(/^# Acme Insurance Leads: Roof & Gutter leads$/m);
    expect(text).toContain(
      '| `roof` | Kind of \\<b\\>roof\\</b\\> \\| "roof". One of the listed values: `flat`',
    );
    expect(text).toContain(`POST ${world.api.address}/api/leads`);
    expect(text).toContain(`(${world.api.address}${path}/openapi.json)`);
    expect(text).not.toContain('](#sending-twice)');
  });

  test('has the values of the campaign instead of what is possible elsewhere', async () => {
    const { text } = await get(`${path}/spec.md`);
    expect(text).toContain('The answer comes when the lead is sold, or after 0.1 seconds.');
    expect(text).toContain('offered again for up to 72 hours');
    expect(text).toContain('`price` is what Acme Insurance Leads earns, in USD');
    expect(text).toContain('This campaign has no buyer yet');
    expect(text).toContain(`curl ${world.api.address}/api/leads/LEAD_ID`);
    expect(text).not.toMatch(/redirect_url|[Ii]f the campaign allows|by default|127\.0\.0\.1:3000\b/);
  });

  test('has the terms of a campaign with several buyers of a lead and a page for the person', async () => {
    const buyer = await startBuyer();
    await storeMarket(
      world.database,
      { northwind: { server: buyer, contract: { filters: [{ field: 'age', range: { min: 18 } }] } } },
      {
        category: 'Pools',
        redirects: true,
        sale: { mode: 'shared', maxBuyers: 3, floor: 1000, award: 'highestBid' },
      },
    );
    await buyer.close();
    const link = await setSpecsAccess(world.database, 'ACME1234/pools', 'link');
    const { text } = await get(`/specs/${link?.token ?? ''}/pools/spec.md`);
    expect(text).toContain('Bought by up to 3 buyers.');
    expect(text).toContain('`redirect_url` is the address to send the person to now');
    expect(text).toMatch(/### Used by buyers: send the ones you have\n\n.*\n.*\n\| `age` \|/);
    expect(text).not.toContain('This campaign has no buyer yet');
  });

  test('has a valid OpenAPI document of this campaign alone', async () => {
    const { text } = await get(`${path}/openapi.json`);
    const document = JSON.parse(text) as {
      externalDocs: object;
      paths: Record<string, Record<string, object>>;
      components: {
        schemas: Record<string, { required?: string[]; properties?: Record<string, { enum?: string[] }> }>;
        securitySchemes: object;
      };
    };
    expect((await new Validator().validate(document)).errors ?? []).toEqual([]);
    expect(Object.keys(document.paths)).toEqual([
      '/api/leads',
      '/api/leads/{lead_id}',
      '/api/leads/{lead_id}/withdraw',
      '/api/pings',
      '/api/leads/batch',
    ]);
    expect(document.externalDocs).toMatchObject({ url: world.api.address + path });
    const { LeadRequest, PingRequest, ErrorAnswer, ReturnRequest } = document.components.schemas;
    expect(LeadRequest?.required).toEqual(['seller', 'category', 'firstName', 'phone', 'roof']);
    expect(LeadRequest?.properties).toMatchObject({
      seller: { enum: ['ACME1234'] },
      category: { enum: ['Roof & Gutter'] },
      roof: { enum: ['flat', "owner's $& `x`"] },
      ping_id: { type: 'string' },
    });
    expect(PingRequest?.required).toEqual(['seller', 'category', 'roof']);
    expect(PingRequest?.properties).not.toHaveProperty('lastName');
    expect(ErrorAnswer?.properties?.error?.enum).toContain('Ping over');
    expect(ErrorAnswer?.properties?.error?.enum).not.toContain('Returns not agreed');
    expect(Object.keys(document.components.securitySchemes)).toEqual(['key']);
    expect(JSON.stringify(document.paths['/api/leads/batch'])).toContain('\\"roof\\":\\"flat\\"');
    expect(ReturnRequest).toBeUndefined();
  });

  test.each([
    ['another category', () => path.replace('roof-gutter', 'solar')],
    ['another token', () => path.replace(/specs\/.{3}/, 'specs/AAA')],
    ['the seller, unless it is public', () => '/specs/acme-insurance/roof-gutter'],
    ['a campaign that nobody shared', () => '/specs/acme-insurance/solar'],
    ['a seller that does not exist', () => '/specs/nobody/solar'],
  ])('does not exist for %s', async (_what, at) => {
    for (const more of ['', '/spec.md', '/openapi.json']) expect((await get(at() + more)).status).toBe(404);
  });

  test('shows a browser a page when the link has ended, and a program an error', async () => {
    const ended = path.replace(/specs\/.{3}/, 'specs/AAA');
    for (const at of [ended, `${ended}/spec.md`, `${ended}/openapi.json`]) {
      const page = await fetch(world.api.address + at, { headers: { accept: 'text/html,*/*' } });
      expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
      expect(await page.text()).toContain('<h1>This link does not exist, or has ended</h1>');
      expect(JSON.parse((await get(at)).text)).toMatchObject({ error: 'Not found' });
    }
  });

  test('leads from the address of its form back to the page', async () => {
    const reply = await fetch(`${world.api.address}${path}/try`, { redirect: 'manual' });
    expect([reply.status, reply.headers.get('location')]).toEqual([303, `${path}#try-it`]);
  });

  test('can be made public, and its links can be replaced and ended', async () => {
    const id = 'ACME1234/solar';
    const open = async (link: { token: string } | undefined) =>
      (await get(`/specs/${link?.token ?? ''}/solar`)).status;
    const first = await setSpecsAccess(world.database, id, 'public');
    expect(await open(first)).toBe(200);
    await expect
      .poll(async () => (await get('/specs/acme-insurance/solar')).status, { timeout: 5000 })
      .toBe(200);
    expect((await get('/specs/ACME1234/solar')).status).toBe(200);
    expect((await setSpecsAccess(world.database, id, 'link'))?.token).toBe(first?.token);
    const second = await setSpecsAccess(world.database, id, 'new_link');
    expect(await open(second)).toBe(200);
    await expect.poll(() => open(first), { timeout: 5000 }).toBe(404);
    await expect.poll(async () => (await get('/specs/ACME1234/solar')).status, { timeout: 5000 }).toBe(404);
    await setSpecsAccess(world.database, id, 'none');
    await expect.poll(() => open(second), { timeout: 5000 }).toBe(404);
  });

  test('says that a paused campaign takes no leads', async () => {
    const link = await setSpecsAccess(world.database, 'ACME1234/gutters', 'link');
    const { text } = await get(`/specs/${link?.token ?? ''}/gutters`);
    expect(text).toContain('At the moment this campaign takes no leads');
  });

  const tryIt = async (key: string, lead: Record<string, string>) => {
    const response = await fetch(`${world.api.address}${path}/try`, {
      method: 'POST',
      body: new URLSearchParams({ key, ...lead }),
    });
    return { status: response.status, text: await response.text() };
  };

  test('sends a test lead from its form', async () => {
    const key = await world.keyFor({ test: true });
    const lead = { firstName: 'Ann', phone: '214-555-0187', roof: 'flat', zip: '00010' };
    const { text } = await tryIt(key, lead);
    expect(text).toContain('with status <code>200</code>');
    expect(text).toContain('withdrawn');
    const [stored] = await world.database.leads.find({ campaign: 'ACME1234/roof-gutter' }).toArray();
    expect(stored).toMatchObject({ test: true, sandbox: 'suppressed' });
    expect((await tryIt(key, { ...lead, firstName: '' })).text).toContain('with status <code>400</code>');
  });

  test('keeps what was sent, so that one value can be changed and sent again', async () => {
    const key = await world.keyFor({ test: true });
    const { text } = await tryIt(key, { firstName: 'Ann', phone: '12', roof: 'flat', zip: '00010' });
    expect(text).toContain('with status <code>400</code>');
    for (const [name, value] of Object.entries({ firstName: 'Ann', phone: '12', zip: '00010' }))
      expect(text).toContain(`name="${name}" value="${value}"`);
    expect(text).toContain(`value="${key}"`);
  });

  test('is shown whatever is sent instead of its form', async () => {
    for (const value of ['{"toString":1}', `${'['.repeat(30_000)}${']'.repeat(30_000)}`]) {
      const response = await fetch(`${world.api.address}${path}/try`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"key":${value}}`,
      });
      expect([response.status, await response.text()]).toEqual([
        200,
        expect.stringContaining('This form takes test keys only'),
      ]);
    }
  });

  test('takes no live key in its form, and shows none', async () => {
    const before = await world.database.leads.countDocuments();
    const { text } = await tryIt(world.key, { firstName: 'Ann', phone: '214-555-0187', roof: 'flat' });
    expect(text).toContain('This form takes test keys only');
    expect(text).not.toContain(world.key);
    expect(await world.database.leads.countDocuments()).toBe(before);
    expect(world.logged.join('')).not.toContain(world.key);
  });
});
