import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDocsPage } from '../../src/api/docs/page.js';
import { request } from 'node:http';
import { openApiWorld, type ApiWorld } from './world.js';

interface Page {
  html: string;
  headers: Record<string, string | string[] | undefined>;
}

/** Sends a request like a proxy, because `fetch` can't set Host. */
function docsOf({ api }: ApiWorld, headers: Record<string, string>): Promise<Page> {
  return new Promise((resolve, reject) => {
    request(`${api.address}/docs`, { headers }, (response) => {
      let html = '';
      response.on('data', (chunk: Buffer) => (html += chunk.toString()));
      response.on('end', () => resolve({ html, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

describe('behind a proxy, the page for sources', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ TRUST_PROXY: true });
  });
  afterAll(() => world.close());

  it('shows the address that its reader requested, and is not cached for others', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'leads.example' };
    const page = await docsOf(world, headers);
    expect(page.html).toContain('https://leads.example/api/leads');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers.vary).toContain('X-Forwarded-Host');
  });

  it.each([
    ['a pattern of replacements', { 'x-forwarded-proto': "$`$'$&".repeat(500) }],
    ['another protocol', { 'x-forwarded-proto': 'javascript' }],
    ['a host that is markup', { 'x-forwarded-host': 'a"><script>alert(1)</script>' }],
    ['a host that is a pattern', { 'x-forwarded-host': '$`' }],
    ['a host with a path', { 'x-forwarded-host': 'evil.example/x' }],
    ['a host that is too long', { 'x-forwarded-host': `${'a'.repeat(5000)}.example` }],
  ])('does not show %s', async (_what, headers) => {
    const { html } = await docsOf(world, { host: 'leads.example', ...headers });
    const plain = await docsOf(world, { host: 'leads.example' });
    expect(html.length).toBeLessThan(plain.html.length + 1000);
    expect(html).toMatch(/http:\/\/(leads\.example|127\.0\.0\.1:3000)\/api\/leads/);
    expect(html).not.toContain('javascript:');
    expect(html).not.toContain('<script>');
  });
});

describe('with a public address', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ TRUST_PROXY: true, PUBLIC_URL: 'https://leads.example/gavel' });
  });
  afterAll(() => world.close());

  it('the page always shows it and may be cached', async () => {
    const { html, headers } = await docsOf(world, {
      'x-forwarded-host': 'evil.example',
      host: 'evil.example',
    });
    expect(html).toContain('https://leads.example/gavel/api/leads');
    expect(html).not.toContain('evil.example');
    expect(headers['cache-control']).toBe('public, max-age=300');
  });
});

it('an address with replacement patterns is inserted literally', () => {
  const page = renderDocsPage({ html: 'POST http://127.0.0.1:3000/x', chapters: [] }, { paths: {} });
  expect(page("https://a$`$'$&$$b")).toContain('POST https://a$`$&#39;$&#38;$$b/x');
});
