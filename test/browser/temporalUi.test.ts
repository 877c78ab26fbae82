import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from '../api/world.js';
import { onStore } from '../cli/gavel.js';
import { readPage } from '../docs/page.js';
import { faultsOf, openBrowser } from '../support/browser.js';
import { startBuyer, type Behaviour, type FakeBuyer } from '../support/buyer.js';
import { chromium } from '../support/chromium.js';
import { minutes, storeMarket } from '../support/market.js';
import { stackAddresses } from '../support/stack.js';
import { workerOf } from '../support/worker.js';

type LeadBody = Awaited<ReturnType<typeof sendLead>>['body'];

/** The views of docs/ops.md, each with its link. */
const VIEWS = (readPage('docs/ops.md').tables.find(({ header }) => header[0] === 'view')?.rows ?? []).map(
  ([view = '', link = '']) => [view, link.replaceAll('`', '')] as const,
);

describe.skipIf(chromium === undefined)('a lead’s page in Temporal’s UI', () => {
  let world: ApiWorld;
  let worker: RunningWorker;
  let browser: Browser;
  /** One for all pages, so that Chromium keeps the UI's files. */
  let context: BrowserContext;
  const servers: FakeBuyer[] = [];

  const buyer = async (ping: Behaviour, post: Behaviour = {}): Promise<FakeBuyer> => {
    const server = await startBuyer({ ping, post });
    servers.push(server);
    return server;
  };
  beforeAll(async () => {
    world = await openApiWorld();
    const { database, settings } = world;
    await storeMarket(
      database,
      {
        northwind: { server: await buyer({ body: { bid: 45 } }, { body: { accepted: true } }) },
        contoso: { server: await buyer({ after: 3000 }), pingTimeoutMs: 150 },
        fabrikam: { server: await buyer({}), pinged: false, contract: { price: 1250 } },
      },
      { category: 'Home Insurance' },
    );
    await storeMarket(
      database,
      {
        globex: {
          server: await buyer({ body: { bid: 62 } }, { body: { accepted: false, reason: 'duplicate' } }),
        },
        initech: { server: await buyer({ body: { bid: 9 } }) },
        hooli: { server: await buyer({}), contract: { states: ['CA'] } },
        umbrella: { server: await buyer({}), pinged: false, contract: { price: 1500, delay: minutes(90) } },
      },
      { category: 'Pet Insurance', pending: { retryAfter: [minutes(30)], expireAfter: minutes(600) } },
    );
    worker = await workerOf(settings);
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
  });
  afterAll(async () => {
    await browser.close();
    await worker.stop();
    await Promise.all(servers.map((server) => server.close()));
    await world.close();
  });

  /** Sends a lead and opens its page, as `gavel leads show` links to it. */
  async function pageOf(category: string, status: string): Promise<Page> {
    return (await sendAndOpen(category, status)).page;
  }
  async function sendAndOpen(category: string, status: string): Promise<{ page: Page; body: LeadBody }> {
    const { body } = await sendLead(world, { ...SAMPLE, category }, { prefer: '' });
    expect(body).toMatchObject({ status });
    const page = await context.newPage();
    onTestFinished(() => page.close());
    const { TEMPORAL_UI_URL } = stackAddresses();
    await page.goto(`${TEMPORAL_UI_URL}/namespaces/default/workflows/${workflowId(String(body.lead_id))}`);
    return { page, body };
  }

  const shows = async (page: Page, ...words: (string | RegExp)[]): Promise<void> => {
    for (const each of words)
      await expect.poll(() => textOf(page), { timeout: 20_000, interval: 250 }).toMatch(each);
  };
  /** With `PICTURES=yes`, makes an image for docs/ops.md: the page without the UI's navigation. */
  const picture = async (page: Page, name: string, height: number): Promise<void> => {
    if (process.env.PICTURES !== 'yes') return;
    const path = join(packageRoot, 'docs', 'images', `${name}.png`);
    const { width } = page.viewportSize() ?? { width: 1400 };
    await page.screenshot({ path, clip: { x: 256, y: 48, width: width - 256, height } });
  };
  /** With `PICTURES=yes`, makes the image of README.md: the terminal of a source and of ops beside the lead's page. */
  const frontPicture = async (answer: string, leadId: string): Promise<void> => {
    if (process.env.PICTURES !== 'yes') return;
    const { stdout } = await onStore(world.settings)(['leads', 'show', leadId]);
    const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const terminal = escape(
      [
        '$ curl http://127.0.0.1:3000/api/leads -H "Authorization: Bearer $GAVEL_KEY" …',
        answer,
        '',
        `$ npm run gavel -- leads show ${leadId}`,
        stdout,
      ].join('\n'),
    );
    const image = readFileSync(join(packageRoot, 'docs', 'images', 'lead-sold.png')).toString('base64');
    const front = await context.newPage();
    await front.setViewportSize({ width: 1800, height: 700 });
    await front.setContent(
      `<body style="margin:0;display:flex;gap:16px;background:#f8f8f8;align-items:stretch">
         <pre style="flex:0 0 720px;box-sizing:border-box;margin:0;padding:20px;background:#14171c;color:#e4e7ec;font:13px/1.5 'DejaVu Sans Mono',monospace;white-space:pre-wrap;overflow:hidden;border-radius:8px">${terminal}</pre>
         <img style="flex:1;min-width:0;object-fit:contain;object-position:top;border-radius:8px" src="data:image/png;base64,${image}">
       </body>`,
    );
    await front.screenshot({ path: join(packageRoot, 'docs', 'images', 'front.png') });
    await front.close();
  };
  const tab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click();

  it('shows the buyer and price of a sold lead, and the reasons of the other buyers', async () => {
    const { page, body } = await sendAndOpen('Home Insurance', 'sold');
    await shows(
      page,
      'COMPLETED',
      /"Sold to northwind at \$45\.00 in round 1, .* after it was received\."/,
      /"sold at \$45\.00 \(\d+ ms\)"/,
      /"timeout \(\d+ ms\)"/,
      '"outbid at $12.50"',
    );
    await picture(page, 'lead-sold', 640);
    await frontPicture(JSON.stringify(body), String(body.lead_id));
    await tab(page, 'User Metadata');
    await shows(page, 'Home Insurance · TX · ACME1234');
  });

  it('shows the next event of a pending lead and its time, why it is unsold, and what ops can do', async () => {
    const page = await pageOf('Pet Insurance', 'pending');
    const moment = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
    const reasons = [
      /refused at \$62\.00 \(\d+ ms\): duplicate/,
      /below floor at \$9\.00 .*the floor is \$10\.00/,
      /state/,
      new RegExp(`not yet: offered from ${moment}`),
    ];
    await shows(
      page,
      'RUNNING',
      new RegExp(`until ${moment}: waits for its next retry · unsold: refused · see Memo`),
    );
    await tab(page, 'Memo');
    await shows(page, '"its next retry"', /Send a Signal, retryNow/, ...reasons);
    await tab(page, 'User Metadata');
    await shows(page, 'Pending.', /Send an Update, withdraw/, ...reasons);
    await picture(page, 'lead-pending', 880);
  });

  it.each(VIEWS)(
    'lists leads by the link of docs/ops.md, and keeps it as a saved view: %s',
    async (view, link) => {
      const page = await context.newPage();
      onTestFinished(() => page.close());
      const faults = faultsOf(page);
      await page.goto(`${stackAddresses().TEMPORAL_UI_URL}${link}`);
      await expect
        .poll(() => page.getByTestId('saved-views-button').innerText(), { timeout: 20_000, interval: 250 })
        .toBe(view);
      await shows(page, /\d+\s+Workflow/);
      expect(faults.filter((fault) => fault.includes('/workflows'))).toEqual([]);
    },
  );

  it('shows status, seller, state and price in the list once their columns are added', async () => {
    const sold = await pageOf('Home Insurance', 'sold');
    const { TEMPORAL_UI_URL } = stackAddresses();
    await sold.goto(`${TEMPORAL_UI_URL}/namespaces/default/workflows`);
    await sold.getByRole('button', { name: 'Configure Columns' }).click();
    for (const name of ['LeadStatus', 'SellerCode', 'Category', 'State', 'SalePrice'])
      await sold.getByRole('button', { name: `Add ${name} column`, exact: true }).click();
    for (const name of ['Run ID', 'Type', 'End'])
      await sold.getByRole('button', { name: `Remove ${name} column`, exact: true }).click();
    // The list also contains leads of other tests.
    const own = encodeURIComponent('Category IN ("Home Insurance", "Pet Insurance")');
    await sold.goto(`${TEMPORAL_UI_URL}/namespaces/default/workflows?query=${own}`);
    await shows(
      sold,
      /LeadStatus\s+SellerCode\s+Category\s+State\s+SalePrice/,
      /sold\s+ACME1234\s+Home Insurance\s+TX\s+45/,
      /pending\s+ACME1234\s+Pet Insurance\s+TX/,
    );
    await sold.setViewportSize({ width: 1820, height: 600 });
    await picture(sold, 'lead-list', 420);
  });

  it('lets ops start the next round of a pending lead now', async () => {
    const { page, body } = await sendAndOpen('Pet Insurance', 'pending');
    await tab(page, 'User Metadata');
    await shows(page, 'Pending.');
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
    await page.getByRole('button', { name: /Select a signal/ }).click();
    await page.getByRole('option', { name: 'retryNow Runs the next round now' }).click();
    await page.getByRole('button', { name: 'Submit' }).click();
    const lead = () => world.database.leads.findOne({ _id: String(body.lead_id) });
    await expect.poll(lead, { timeout: 20_000 }).toMatchObject({ lastRound: 2 });
    // By itself the UI shows it seconds later.
    await page.reload();
    await tab(page, 'Memo');
    await shows(page, /"round": ?2/);
  });
});

/** The visible text of the page, including the frames with Markdown. */
async function textOf(page: Page): Promise<string> {
  const texts = await Promise.all(page.frames().map((frame) => frame.locator('body').innerText()));
  return texts.join('\n');
}
