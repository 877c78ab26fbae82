import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openApiWorld, type ApiWorld } from '../api/world.js';
import { faultsOf, openBrowser } from '../support/browser.js';
import { chromium } from '../support/chromium.js';

const run = promisify(execFile);
/** Whether PHP is installed. */
const phpHasCurl = spawnSync('php', ['-r', 'exit(extension_loaded("curl") ? 0 : 1);']).status === 0;

describe.skipIf(chromium === undefined)('the docs page', () => {
  let world: ApiWorld;
  let browser: Browser;
  /** The page as a desktop shows it. */
  let page: Page;
  let faults: string[];
  beforeAll(async () => {
    [world, browser] = await Promise.all([openApiWorld({ ANSWER_WINDOW_MS: 100 }), openBrowser()]);
    const context = await browser.newContext();
    page = await context.newPage();
    faults = faultsOf(page);
    await page.goto(`${world.api.address}/docs`);
  });
  afterAll(async () => {
    await browser.close();
    await world.close();
  });

  async function openFor(reader: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(reader);
    onTestFinished(() => context.close());
    const opened = await context.newPage();
    await opened.goto(`${world.api.address}/docs`);
    return opened;
  }

  it('opens without errors, and every navigation link has its chapter', async () => {
    expect(await page.title()).toBe('Gavel · Lead API');
    const links = await page.getByRole('navigation').getByRole('link').all();
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) {
      await link.click();
      const heading = page.locator(`h2${new URL(page.url()).hash}`);
      expect(await heading.textContent()).toBe(await link.textContent());
    }
    expect(faults).toEqual([]);
  });

  it('runs no script', async () => {
    const page = await openFor({ javaScriptEnabled: false });
    expect(await page.locator('script').count()).toBe(0);
    for (const tabs of await page.locator('.tabs').all()) {
      await tabs.getByText('PHP', { exact: true }).click();
      expect(await tabs.locator('.php').isVisible()).toBe(true);
    }
  });

  it.each([
    ['curl', 'sh', 'sh', ['-c']],
    ['Node', 'js', process.execPath, ['--input-type=module', '-e']],
    ['Python', 'python', 'python3', ['-c']],
  ])('has an example in %s that sends a lead unchanged', async (label, lang, program, args) => {
    const tabs = page.locator('.tabs').first();
    await tabs.getByText(label, { exact: true }).click();
    const visible = await tabs.locator('pre:visible').all();
    expect(visible).toHaveLength(1);
    const code = (await tabs.locator(`pre.${lang}`).innerText()).trim();
    const { stdout } = await run(program, [...args, code], {
      env: { ...process.env, GAVEL_KEY: world.key, NO_PROXY: '127.0.0.1' },
    });
    expect(stdout).toMatch(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}.*\bpending\b/s);
  });

  it('has an example in PHP, to this server', async () => {
    const tabs = page.locator('.tabs').first();
    await tabs.getByText('PHP', { exact: true }).click();
    const code = await tabs.locator('pre:visible').innerText();
    expect(code).toContain(`curl_init('${world.api.address}/api/leads')`);
    if (!phpHasCurl) return;
    const { stdout } = await run('php', ['-r', code.replace('<?php', '')], {
      env: { ...process.env, GAVEL_KEY: world.key, NO_PROXY: '127.0.0.1' },
    });
    expect(stdout).toMatch(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12} pending/);
  });

  it('shows only features for sources', async () => {
    const text = await page.locator('main').innerText();
    expect(text).toContain('Ask the operator to send a test postback.');
    expect(text).not.toMatch(/gavel [a-z]+|npm run|market file|\/api\/buyers|Returns not agreed/);
    expect(await page.locator('.operation').count()).toBe(5);
  });

  it.each([1200, 390])('shows every example without horizontal scrolling, %i pixels wide', async (width) => {
    const page = await openFor({ viewport: { width, height: 800 } });
    expect(await page.evaluate<string[]>(SCROLLED)).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
  });

  it.each(['light', 'dark'] as const)('is readable in %s mode', async (colorScheme) => {
    const page = await openFor({ colorScheme });
    const [ink, paper] = await coloursOf(page, 'main p');
    expect(luminance(paper) > 0.5).toBe(colorScheme === 'light');
    for (const words of ['main p', 'main td', 'pre .string', 'nav a', 'th', 'main a'])
      expect.soft(contrast(...(await coloursOf(page, words))), words).toBeGreaterThanOrEqual(4.5);
    expect(contrast(ink, paper)).toBeGreaterThanOrEqual(7);
  });

  it.each([
    ['goes on beyond the edge', 'normal form', true],
    ['fits', 'multipart/form-data', false],
  ])('shows on a phone whether a table %s', async (_, words, goesOn) => {
    const page = await openFor({ viewport: { width: 390, height: 800 } });
    const table = page.locator('.wide', { hasText: words }).first();
    const run = (code: string): Promise<unknown> =>
      page.evaluate(
        `((one) => { ${code} })([...document.querySelectorAll('.wide')].find((one) => one.innerText.includes('${words}')))`,
      );
    expect(await run('return one.scrollWidth > one.clientWidth;')).toBe(goesOn);
    // Without its text only the shadow is visible.
    await run('one.firstChild.style.opacity = 0;');
    const shown = await table.screenshot();
    await run('one.style.background = "none";');
    expect(shown.equals(await table.screenshot())).toBe(!goesOn);
  });

  it('keeps every name within the page on a phone', async () => {
    const page = await openFor({ viewport: { width: 390, height: 800 } });
    expect(await page.evaluate<string[]>(STICKING_OUT)).toEqual([]);
  });

  it('fits a phone: no horizontal scrolling, and names are not broken', async () => {
    const page = await openFor({ viewport: { width: 360, height: 740 } });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360);
    const broken = await page.evaluate<string[]>(BROKEN);
    expect(broken).toEqual([]);
  });
});

/** Runs in the page: names that wrap to more than one line. */
const BROKEN = `[...document.querySelectorAll('td:first-child code')]
  .filter((name) => name.getClientRects().length > 1)
  .map((name) => name.innerText)`;

/** Runs in the page: inline names that overflow the text. */
const STICKING_OUT = `[...document.querySelectorAll('main code')]
  .filter((name) => name.closest('.wide, pre') === null)
  .filter((name) => {
    const edge = document.querySelector('main > p').getBoundingClientRect().right;
    return [...name.getClientRects()].some(({ right }) => right > edge + 0.5);
  })
  .map((name) => name.innerText)`;

/** Runs in the page: examples of all tabs that are wider than their box. */
const SCROLLED = `[...document.querySelectorAll('.tabs label')].flatMap((label) => {
  label.click();
  return [...document.querySelectorAll('pre')]
    .filter((example) => example.scrollWidth > example.clientWidth)
    .map((example) => example.innerText);
})`;

type Colour = [red: number, green: number, blue: number];

/** Runs in the page: the colour of text and of its background. */
const COLOURS = `(words) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  let behind = words;
  while (parts(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const colours = [getComputedStyle(words).color, getComputedStyle(behind).backgroundColor];
  return colours.map((colour) => parts(colour).slice(0, 3));
}`;

/** Colours of the first text that a selector matches. */
const coloursOf = (page: Page, selector: string): Promise<[Colour, Colour]> =>
  page.evaluate<[Colour, Colour]>(`(${COLOURS})(document.querySelector(${JSON.stringify(selector)}))`);

/** Relative luminance, 0 to 1 (WCAG 2.2). */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio, 1 to 21; WCAG 2.2 requires 4.5 (success criterion 1.4.3). */
function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
