import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES } from '../../src/store/scopes.js';
import { readPage } from '../docs/page.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { buyerDocument, contractDocument, storeLead, storeMarket } from '../support/market.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';

const run = promisify(execFile);

const LINES = readPage('docs/admin.md')
  .codes.filter(({ lang }) => lang === 'sh')
  .flatMap(({ text }) => text.replaceAll('\\\n', '').split('\n'));

/** All requests of the page in order, because later ones use results of earlier ones. */
const REQUESTS = LINES.filter((line) => line.startsWith('curl '));

/** The scopes of the key that the page creates. */
const SCOPES = LINES.flatMap((line) => /^export .* --scopes (\S+)\)$/.exec(line)?.[1]?.split(',') ?? []);

describe('docs/admin.md', () => {
  let world: AdminWorld;
  let key: string;
  let dir: string;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    world = await openAdminWorld();
    key = await world.adminKeyFor(SCOPE_NAMES.filter((scope) => SCOPES.includes(scope)));
    dir = mkdtempSync(join(tmpdir(), 'gavel-'));
    campaign = await storeMarket(world.database, {}, { category: 'Boats' });
    const northwinds = contractDocument('ACME1234/auto-insurance', 'northwind', { price: 1250 });
    await world.database.contracts.insertOne(northwinds);
    const server = { url: 'https://buyer.example/', secret: 'whsec_eA==' };
    await world.database.buyers.insertMany([
      buyerDocument('northwind', server),
      { ...buyerDocument('woodgrove', server), balance: 0, currency: 'USD' },
    ]);
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true });
    await world.close();
  });

  it('has requests', () => expect(REQUESTS.length).toBeGreaterThan(10));

  it.each(REQUESTS)('shows a request that works as written: %s', async (line) => {
    const { _id: lead } = await storeLead(world.database, campaign);
    const { document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    const request = line
      .replace('curl', 'curl -sS --fail-with-body')
      .replace('http://127.0.0.1:3001', world.admin.address)
      .replace('LEAD_ID', lead)
      .replace('KEY_ID', document._id);
    const env = { PATH: process.env.PATH, GAVEL_ADMIN_KEY: key };
    const { stdout } = await run('sh', ['-c', request], { cwd: dir, env });
    if (!/> \w+\.yaml/.test(request)) expect(JSON.parse(stdout)).not.toHaveProperty('error');
  });
});
