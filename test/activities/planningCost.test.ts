import { expect, onTestFinished, test } from 'vitest';
import { openOutlets } from '../../src/buyers/outlets/outlets.js';
import { createLog } from '../../src/log.js';
import { cached } from '../../src/store/cache.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import type { CampaignDocument, ContractDocument } from '../../src/store/documents.js';
import { loadTerms } from '../../src/store/market/storedTerms.js';
import { buyerDocument, contractDocument, storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { stepsWith, type Steps } from '../support/steps.js';
import { processorClock } from '../support/processorClock.js';

/*
 * The cost that a campaign's other contracts add to a round of a lead that ten contracts take. It covers the whole
 * activity, from reading the lead to storing the round. No buyer is pinged, so no buyer's time is included.
 */
const OPEN: Partial<ContractDocument> = {
  price: 2000,
  schedule: { timezone: 'America/Chicago', open: ['Mon-Sun 00:00-24:00'] },
  filters: [{ field: 'zip', startsWith: ['75', '76'] }],
  caps: { day: 1_000_000 },
};

/** The reasons that exclude the other contracts, mostly the state. */
const AWAY: Partial<ContractDocument>[] = [
  ...Array.from({ length: 14 }, () => ({ states: ['CA', 'NY'] })),
  { active: false },
  { sources: { only: ['partner'] } },
  { filters: [{ field: 'zip', startsWith: ['9'] }] },
  { filters: [{ field: 'homeowner', equals: 'yes' }] },
  { schedule: { timezone: 'UTC', open: ['Mon-Sun 00:00-24:00'], closed: ['2020-01-01..2030-01-01'] } },
  { delay: 3_600_000 },
];

/** A database with its activities. They read the market again for each round unless it is cached. */
interface Market {
  database: Database;
  startRound: Steps['startRound'];
}

async function openMarket({ remembers }: { remembers: boolean }): Promise<Market> {
  const database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
  const read = (id: string) => loadTerms(database, id);
  const { startRound } = stepsWith({
    database,
    terms: remembers ? cached(read) : read,
    circuits: async () => new Map(),
    send: () => Promise.reject(new Error('Nobody is to be asked')),
    outlets: openOutlets(
      { OUTBOUND_ALLOW: '', OUTBOUND_HTTP: false },
      { send: () => Promise.reject(new Error('unused')) },
    ),
    log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
  });
  onTestFinished(() => database.client.close());
  return { database, startRound };
}

async function campaignOf({ database }: Market, category: string, count: number): Promise<CampaignDocument> {
  const campaign = await storeMarket(database, {}, { category });
  const server = { url: 'http://127.0.0.1:9/', secret: 'whsec_c2VjcmV0' };
  const ids = Array.from({ length: count }, (_, i) => `${category.toLowerCase()}-${i}`);
  await database.buyers.insertMany(ids.map((id) => buyerDocument(id, server)));
  const terms = (i: number) => (i < 10 ? OPEN : { ...OPEN, ...AWAY[i % AWAY.length] });
  await database.contracts.insertMany(ids.map((id, i) => contractDocument(campaign._id, id, terms(i))));
  return campaign;
}

/** Processor time of a round in this process, ms. */
async function roundOf({ database, startRound }: Market, campaign: CampaignDocument): Promise<number> {
  const lead = await storeLead(database, campaign);
  const spent = processorClock();
  const round = await startRound({ leadId: lead._id, number: 1, now: Date.now() });
  const spentMs = spent();
  if (!('entries' in round)) throw new Error('No round was run');
  expect(round.entries).toHaveLength(10);
  return spentMs;
}

/** The ratio of the second cost to the first, by their lower quartiles. They alternate, so that a warm-up affects both alike. */
async function ratio(first: () => Promise<number>, second: () => Promise<number>): Promise<number> {
  const times: (readonly [number, number])[] = [];
  for (let i = 0; i < 60; i++) times.push([await first(), await second()]);
  return usual(times.map(([, other]) => other)) / usual(times.map(([one]) => one));
}

/** The lower quartile: garbage collection and compilation only add to a cost. */
const usual = (of: number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 4)] ?? 0;

test('a round among 1,000 contracts takes at most 1.75 times the processor time of one among 10, with 10 bidders in both', async () => {
  const market = await openMarket({ remembers: true });
  const small = await campaignOf(market, 'Auto', 10);
  const large = await campaignOf(market, 'Solar', 1000);
  const cost = await ratio(
    () => roundOf(market, small),
    () => roundOf(market, large),
  );
  expect(cost).toBeLessThan(1.75);
});

// Takes minutes, mostly for creating the contracts; docs/performance.md describes how to run it.
test.runIf(process.env.MEASURE === 'yes')(
  '100,000 contracts in other campaigns have no measurable effect',
  async () => {
    const [alone, crowded] = [await openMarket({ remembers: false }), await openMarket({ remembers: false })];
    const [few, ours] = [await campaignOf(alone, 'Auto', 10), await campaignOf(crowded, 'Auto', 10)];
    for (let i = 0; i < 100; i++) await campaignOf(crowded, `Other ${i}`, 1000);
    const cost = await ratio(
      () => roundOf(alone, few),
      () => roundOf(crowded, ours),
    );
    console.log(`with the others, a round takes ${cost.toFixed(2)} times as long`);
    // On a busy machine, runs vary by more than a tenth.
    expect(cost).toBeLessThan(1.25);
  },
  600_000,
);
