import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.js';
import { createLog } from '../../src/log.js';
import { cached } from '../../src/store/cache.js';
import { ensureIndexes, openDatabase, type ContractDocument, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/db.js';
import { loadTerms } from '../../src/store/market.js';
import { buyerDocument, contractDocument, storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

/*
 * How much a campaign's other contracts cost the round of a lead that ten of them take: the whole step, from reading the
 * lead to storing the round. Nobody is pinged, so that no buyer's time is in it.
 */

const OPEN: Partial<ContractDocument> = {
  price: 2000,
  schedule: { timezone: 'America/Chicago', open: ['Mon-Sun 00:00-24:00'] },
  filters: [{ field: 'zip', startsWith: ['75', '76'] }],
  caps: { day: 1_000_000 },
};

/** What keeps the others from it, most of them the state. */
const AWAY: Partial<ContractDocument>[] = [
  ...Array.from({ length: 14 }, () => ({ states: ['CA', 'NY'] })),
  { active: false },
  { sources: { only: ['partner'] } },
  { filters: [{ field: 'zip', startsWith: ['9'] }] },
  { filters: [{ field: 'homeowner', equals: 'yes' }] },
  { schedule: { timezone: 'UTC', open: ['Mon-Sun 00:00-24:00'], closed: ['2020-01-01..2030-01-01'] } },
  { delay: 3_600_000 },
];

let database: Database;
let runRound: Activities['runRound'];
let small: CampaignDocument;
let large: CampaignDocument;

async function campaignOf(category: string, count: number): Promise<CampaignDocument> {
  const campaign = await storeMarket(database, {}, { category });
  const server = { url: 'http://127.0.0.1:9/', secret: 'whsec_c2VjcmV0' };
  const ids = Array.from({ length: count }, (_, i) => `${category.toLowerCase()}-${i}`);
  await database.buyers.insertMany(ids.map((id) => buyerDocument(id, server)));
  const terms = (i: number) => (i < 10 ? OPEN : { ...OPEN, ...AWAY[i % AWAY.length] });
  await database.contracts.insertMany(ids.map((id, i) => contractDocument(campaign._id, id, terms(i))));
  return campaign;
}

async function roundOf(campaign: CampaignDocument): Promise<number> {
  const lead = await storeLead(database, campaign);
  const started = performance.now();
  const round = await runRound({ leadId: lead._id, number: 1, now: Date.now() });
  const ms = performance.now() - started;
  if ('ended' in round) throw new Error('No round was held');
  expect(round.entries).toHaveLength(10);
  return ms;
}

const median = (of: number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
  small = await campaignOf('Auto', 10);
  large = await campaignOf('Solar', 1000);
  const terms = cached((id) => loadTerms(database, id));
  ({ runRound } = createActivities({
    database,
    terms,
    circuits: async () => new Map(),
    send: () => Promise.reject(new Error('Nobody is to be asked')),
    log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
  }));
});
afterAll(async () => {
  await database.client.close();
});

test('a round among 1,000 contracts costs at most 1.5 times one among 10, where 10 take the lead in both', async () => {
  const times: (readonly [number, number])[] = [];
  // One after the other, so that whatever else the machine does meets both alike.
  for (let i = 0; i < 60; i++) times.push([await roundOf(small), await roundOf(large)]);
  const [few, many] = [median(times.map(([one]) => one)), median(times.map(([, other]) => other))];
  expect(many / few).toBeLessThan(1.5);
});
