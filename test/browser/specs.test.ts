import { execFile } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { setSpecsAccess } from '../../src/store/market/specs.js';
import { openApiWorld, type ApiWorld } from '../api/world.js';
import { faultsOf, openBrowser } from '../support/browser.js';
import { chromium } from '../support/chromium.js';
import { storeMarket } from '../support/market.js';

const run = promisify(execFile);
const phpHasCurl = spawnSync('php', ['-r', 'exit(extension_loaded("curl") ? 0 : 1);']).status === 0;

/** Values that break careless quoting in one of the languages. */
const HARD = String.raw`it's a "flat" roof, $5 \n off`;

describe.skipIf(chromium === undefined)('A specs page', () => {
  let world: ApiWorld;
  let browser: Browser;
  let address = '';
  beforeAll(async () => {
    [world, browser] = await Promise.all([openApiWorld({ ANSWER_WINDOW_MS: 100 }), openBrowser()]);
    await storeMarket(
      world.database,
      {},
      {
        category: 'Roofs',
        required: ['firstName', 'phone', 'state', 'roof', 'interests'],
        fields: {
          roof: { type: 'enum', values: [{ value: HARD, labels: [] }] },
          interests: { type: 'list' },
        },
      },
    );
    const link = await setSpecsAccess(world.database, 'ACME1234/roofs', 'link');
    address = `${world.api.address}/specs/${link?.token ?? ''}/roofs`;
  });
  afterAll(async () => {
    await browser.close();
    await world.close();
  });

  async function open(reader: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext(reader);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const faults = faultsOf(page);
    await page.goto(address);
    return { page, faults };
  }

  it('opens without errors and without scripts, and every link has its chapter', async () => {
    const { page, faults } = await open({ javaScriptEnabled: false });
    const links = await page.getByRole('navigation').getByRole('link').all();
    expect(links.length).toBeGreaterThan(6);
    for (const link of links) {
      await link.click();
      const heading = page.locator(`h2${new URL(page.url()).hash}`);
      expect(await heading.textContent()).toBe(await link.textContent());
    }
    expect(faults).toEqual([]);
  });

  it.each([
    ['curl', 'sh', 'sh', ['-c']],
    ['Node', 'js', process.execPath, ['--input-type=module', '-e']],
    ['Python', 'python', 'python3', ['-c']],
    ['PHP', 'php', 'php', ['-r']],
  ])(
    'has an example in %s that sends a lead of the campaign unchanged',
    async (label, lang, program, args) => {
      const { page } = await open();
      const tabs = page.locator('.tabs').first();
      await tabs.getByText(label, { exact: true }).click();
      const code = (await tabs.locator(`pre.${lang}`).innerText()).trim();
      expect(code).toContain(`${world.api.address}/api/leads`);
      if (lang === 'php' && !phpHasCurl) return;
      const { stdout } = await run(program, [...args, code.replace('<?php', '')], {
        env: { ...process.env, GAVEL_KEY: world.key, NO_PROXY: '127.0.0.1' },
      });
      const [, id = ''] = /([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})/.exec(stdout) ?? [];
      const stored = await world.database.leads.findOne({ _id: id });
      expect(stored).toMatchObject({ campaign: 'ACME1234/roofs' });
      expect(stored?.unread).toBeUndefined();
    },
  );

  it('sends a test lead from its form, without scripts', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    await page.getByLabel('Test key').fill(await world.keyFor({ test: true }));
    await page.getByLabel('zip', { exact: true }).fill('00010');
    await page.getByRole('button', { name: 'Send a test lead' }).click();
    const result = page.getByRole('status');
    expect(await result.innerText()).toContain('"status": "withdrawn"');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('answer');
  });

  it.each([
    ['phone', { width: 390, height: 740 }],
    ['laptop', { width: 1280, height: 720 }],
  ])('shows the answer on a %s without scrolling', async (_screen, viewport) => {
    const { page } = await open({ javaScriptEnabled: false, viewport });
    await page.getByLabel('Test key').fill(await world.keyFor({ test: true }));
    await page.getByRole('button', { name: 'Send a test lead' }).click();
    // The browser scrolls to it smoothly.
    await expect
      .poll(async () => {
        const { y = -1, height = 0 } = (await page.getByRole('status').boundingBox()) ?? {};
        return y >= 0 && y + height < viewport.height;
      })
      .toBe(true);
  });

  it('copies the example that is shown', async () => {
    const { page, faults } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    const tabs = page.locator('.tabs').first();
    await tabs.getByText('PHP', { exact: true }).click();
    await tabs.getByRole('button', { name: 'Copy' }).click();
    await tabs.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toBe(await tabs.locator('pre.php code').textContent());
    expect(faults).toEqual([]);
  });

  it.each([390, 360])(
    'fits a phone of %i pixels: nothing scrolls but wide tables, and these by keyboard',
    async (width) => {
      const { page } = await open({ viewport: { width, height: 740 } });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
      const wide = await page.evaluate<string[]>(
        `[...document.querySelectorAll('pre, form input, form button')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .map((one) => one.outerHTML)`,
      );
      expect(wide).toEqual([]);
      const unreachable = await page.evaluate<string[]>(
        `[...document.querySelectorAll('main *')]
        .filter((one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).overflowX === 'auto')
        .filter((one) => one.tabIndex !== 0)
        .map((one) => one.outerHTML)`,
      );
      expect(unreachable).toEqual([]);
    },
  );

  it.each(['light', 'dark'] as const)('has fields that can be seen in %s mode', async (colorScheme) => {
    const { page } = await open({ colorScheme });
    const colors = await page.evaluate<string[]>(
      `(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.querySelector('form input')))`,
    );
    expect(new Set(colors).size).toBe(2);
  });
});
