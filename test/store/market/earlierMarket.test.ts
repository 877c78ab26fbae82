import { expect, onTestFinished, test } from 'vitest';
import { openSender } from '../../../src/buyers/send.js';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { applyMarket } from '../../../src/store/market/apply.js';
import { openDatabase } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import type {
  EarlierBuyer,
  EarlierCampaign,
  EarlierContract,
  EarlierSeller,
} from '../../../src/store/market/earlierMarket.js';
import { loadTerms } from '../../../src/store/market/storedTerms.js';
import { startBuyer, type FakeBuyer } from '../../support/buyer.js';
import { storeLead } from '../../support/market.js';
import { secretOf } from '../../support/secretOf.js';
import { isolatedSettings } from '../../support/stack.js';
import { stepsOn } from '../../support/steps.js';

const HOUR = 3_600_000;

/** A market as stored by a release before stages, tiers and awards. */
function earlierMarket({ url, secret }: FakeBuyer) {
  const seller: EarlierSeller = { _id: 'ACME1234', slug: 'acme', name: 'Acme' };
  const buyer: EarlierBuyer = {
    _id: 'northwind',
    name: 'Northwind',
    ping: { url, timeoutMs: 800 },
    post: { url, timeoutMs: 800 },
    secret,
  };
  const campaign: EarlierCampaign = {
    _id: 'ACME1234/auto-insurance',
    seller: 'ACME1234',
    category: 'Auto Insurance',
    categoryKey: 'auto insurance',
    active: true,
    currency: 'USD',
    required: ['phone', 'state'],
    maxBuyers: 2,
    floor: 1500,
    retryAfter: [HOUR],
    expireAfter: 72 * HOUR,
  };
  const contract: EarlierContract = {
    _id: 'ACME1234/auto-insurance/northwind',
    campaign: campaign._id,
    buyer: 'northwind',
    states: ['TX'],
  };
  return { seller, buyer, campaign, contract };
}

const asAFile = (url: string): string => `
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers:
  - id: northwind
    name: Northwind
    ping: { url: '${url}', timeoutMs: 800 }
    post: { url: '${url}', timeoutMs: 800 }
campaigns:
  - seller: ACME1234
    category: Auto Insurance
    required: [phone, state]
    sale: { mode: shared, maxBuyers: 2, floor: 15.00 }
    pending: { retryAfter: [1h], expireAfter: 72h }
    contracts: [{ buyer: northwind, states: [TX] }]
`;

test('A market stored by an earlier release sells the same before and after it is applied again', async () => {
  const settings = await isolatedSettings();
  const database = openDatabase(settings);
  await ensureIndexes(database);
  const sender = openSender(settings);
  const northwind = await startBuyer();
  onTestFinished(async () => {
    await Promise.all([northwind.close(), sender.close()]);
    await database.client.close();
  });
  const { seller, buyer, campaign, contract } = earlierMarket(northwind);
  const { db } = database;
  await db.collection<EarlierSeller>('sellers').insertOne(seller);
  await db.collection<EarlierBuyer>('buyers').insertOne(buyer);
  await db.collection<EarlierCampaign>('campaigns').insertOne(campaign);
  await db.collection<EarlierContract>('contracts').insertOne(contract);

  const { startRound } = stepsOn(database, sender.send);
  const bids = async () => {
    const lead = await storeLead(database, { ...campaign, ...(await nowOf(campaign._id)) });
    const round = await startRound({ leadId: lead._id, number: 1, now: Date.now() });
    if (!('entries' in round)) return round;
    const prices = round.entries.map((entry) => ('bid' in entry ? entry.bid.price : entry.noBid));
    return { sale: round.terms.sale, bids: prices };
  };
  const nowOf = async (id: string) => {
    const terms = await loadTerms(database, id);
    if (terms === undefined) throw new Error('the market is not there');
    return terms.campaign;
  };
  const as = { sale: { mode: 'shared', maxBuyers: 2, floor: 1500, award: 'highestBid' }, bids: [2000] };
  expect(await bids()).toMatchObject(as);

  const exactly = { replace: true, prune: true };
  const applied = await applyMarket(database, readMarketFile(asAFile(northwind.url)), exactly);
  expect('changes' in applied && applied.changes.map(({ change }) => change)).toEqual(
    Array.from({ length: 4 }, () => 'unchanged'),
  );
  const renamed = asAFile(northwind.url).replace('name: Acme }', 'name: Acme Leads }');
  await applyMarket(database, readMarketFile(renamed), exactly);
  expect(await database.sellers.findOne()).toMatchObject({ active: true, postbacks: [], name: 'Acme Leads' });
  expect(await secretOf(database, 'seller', (await database.sellers.findOne())?._id ?? '')).toMatch(
    /^whsec_/,
  );
  expect(await bids()).toMatchObject(as);
});
