import { createActivities, type Activities } from '../../activities/index.js';
import type { Asking } from '../../activities/ask.js';
import type { Deps } from '../../activities/deps.js';
import { roundPort, startRound, type NoRound } from '../../activities/runRound.js';
import { sellOnce, type SaleRequest } from '../../activities/sellLead.js';
import { openOutlets, type OutletSettings } from '../../src/buyers/outlets/outlets.js';
import { openSender } from '../../src/buyers/send.js';
import type { RoundPort, SaleAnswer } from '../../src/market/life/round.js';
import type { Round } from '../../src/market/model/round.js';
import { findLeadForRound } from '../../src/store/leads/rounds.js';
import { createLog } from '../../src/log.js';
import { readCircuits } from '../../src/store/fairness/circuits.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { loadTerms } from '../../src/store/market/storedTerms.js';
import { startBuyer, type FakeBuyer } from './buyer.js';
import { storeMarket } from './market.js';
import { isolatedSettings } from './stack.js';

/** Activities as a worker runs them, and the parts of a round. */
export interface Steps extends Activities {
  /** A round up to the bids of its first tier. */
  startRound: (request: { leadId: string; number: number; now: number }) => Promise<Round | NoRound>;
  /** The worker's side of a lead's round. */
  portOf: (leadId: string) => Promise<RoundPort>;
  /** One attempt to sell a lead to a buyer. */
  sellLead: (request: SaleRequest) => Promise<SaleAnswer>;
}

/** Activities without workflows. Each call reads the market and the circuits again. */
export const stepsOn = (
  database: Database,
  send: Deps['send'],
  log = createLog({ LOG_LEVEL: 'silent' }, 'test'),
  outletSettings: Partial<OutletSettings> = {},
): Steps =>
  stepsWith({
    database,
    terms: (campaign) => loadTerms(database, campaign),
    circuits: () => readCircuits(database),
    send,
    outlets: openOutlets({ OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_HTTP: true, ...outletSettings }, { send }),
    log,
  });

export function stepsWith(deps: Deps): Steps {
  const asking = async (leadId: string): Promise<Asking> => {
    const lead = await findLeadForRound(deps.database, leadId);
    if (lead === null) throw new Error(`There is no lead ${leadId}`);
    return { deps, lead, market: await deps.terms(lead.campaign), answerBy: undefined };
  };
  return {
    ...createActivities(deps),
    startRound: async ({ leadId, number, now }) => {
      const started = await startRound(await asking(leadId), { number, now });
      return 'answers' in started ? started.round : started;
    },
    portOf: async (leadId) =>
      roundPort(await asking(leadId), { now: Date.now(), isInterrupted: () => false }),
    sellLead: (request) => sellOnce(deps, request),
  };
}

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
  steps: Steps;
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
