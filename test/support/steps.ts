import { createActivities, type Activities } from '../../activities/index.js';
import type { Deps } from '../../activities/deps.js';
import type { SaleRequest } from '../../activities/sellLead.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import { readCircuits } from '../../src/store/fairness/circuits.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { loadTerms } from '../../src/store/market/storedTerms.js';
import { startBuyer, type FakeBuyer } from './buyer.js';
import { storeMarket } from './market.js';
import { isolatedSettings } from './stack.js';

/** Activities as a worker runs them, without workflows. Each call reads the market and the circuits again. */
export const stepsOn = (
  database: Database,
  send: Deps['send'],
  log = createLog({ LOG_LEVEL: 'silent' }, 'test'),
): Activities =>
  createActivities({
    database,
    terms: (campaign) => loadTerms(database, campaign),
    circuits: () => readCircuits(database),
    send,
    log,
  });

/** An exclusive offer of a lead to northwind at $45.00. */
export const saleOf = (leadId: string, round = 1): SaleRequest => ({
  leadId,
  round,
  sale: { maxBuyers: 1, award: 'highestBid' },
  offer: {
    contract: 'ACME1234/auto-insurance/northwind',
    buyer: 'northwind',
    exclusive: true,
    price: 4500,
    earns: 4500,
    bid: { price: 4500 },
  },
  campaign: { id: 'ACME1234/auto-insurance', currency: 'USD' },
  now: Date.now(),
});

/** A market of one campaign with northwind as the only buyer, and the activities of its leads. */
export interface StepsWorld {
  database: Database;
  campaign: CampaignDocument;
  northwind: FakeBuyer;
  steps: Activities;
  close: () => Promise<void>;
}

export async function openStepsWorld(
  answers?: Parameters<typeof startBuyer>[0],
  log?: Deps['log'],
): Promise<StepsWorld> {
  const settings = await isolatedSettings();
  const database = openDatabase(settings);
  const sender = openSender(settings);
  const northwind = await startBuyer(answers);
  const campaign = await storeMarket(database, { northwind: { server: northwind } });
  const close = async (): Promise<void> => {
    await Promise.all([northwind.close(), sender.close()]);
    await database.client.close();
  };
  return { database, campaign, northwind, steps: stepsOn(database, sender.send, log), close };
}
