import { sendPing } from '../src/buyers/ping.js';
import type { LeadStatus } from '../src/market/lead.js';
import { nextDelayEnds } from '../src/market/eligibility.js';
import { pingId } from '../src/market/ids.js';
import { planRound, type Plan } from '../src/market/plan.js';
import type { Entry, Round, RoundTerms } from '../src/market/round.js';
import { factsOf, findLead, storeRound, type LeadDocument } from '../src/store/leads.js';
import type { BuyerWithSecret, StoredTerms } from '../src/store/market.js';
import type { Deps } from './index.js';

export interface RoundRequest {
  leadId: string;
  number: number;
  /** The workflow's time, UTC ms: a repeat after a crash plans with the time of its own task. */
  now: number;
}

/** Another hand sold the lead or took it off sale: no new round is held. */
export interface NoRound {
  ended: Extract<LeadStatus, 'sold' | 'expired' | 'withdrawn'>;
}

/**
 * Holds one round up to the bids: who is eligible, what they bid, a reason for everybody else. The round is stored
 * before it is returned, and a repeat returns the stored one instead of asking again, so whoever repeats it decides
 * the same.
 */
export const runRound =
  ({ database, terms, send, log }: Deps) =>
  async ({ leadId, number, now }: RoundRequest): Promise<Round | NoRound> => {
    const lead = await findLead(database, leadId);
    if (lead === null) throw new Error(`No lead ${leadId} is stored`);
    const stored = lead.rounds[number];
    if (stored !== undefined) return stored;
    if (lead.status !== 'received' && lead.status !== 'pending') return { ended: lead.status };

    const market = await terms(lead.campaign);
    const contracts = market?.contracts ?? [];
    const facts = factsOf(lead);
    const plan = market
      ? planRound(market.campaign, contracts, facts, offeredBefore(lead), now)
      : { settled: [], toPing: [] };
    const round: Round = {
      number,
      at: now,
      terms: roundTerms(lead, market),
      entries: [],
      nextDelayEnds: nextDelayEnds(
        contracts.map(({ contract }) => contract),
        facts,
        now,
      ),
    };
    round.entries = inOrder([...plan.settled, ...(await pingAll(send, plan, lead, round))]);
    for (const { contract, ms, ...what } of round.entries) {
      const outcome = 'bid' in what ? 'bid' : what.noBid.reason;
      log.info({ lead_id: leadId, round: number, contract, event: 'ping', outcome, ms });
    }
    return storeRound(database, leadId, round);
  };

/** A campaign that is gone has no terms left: the lead expires at once, sold to nobody. */
function roundTerms(lead: LeadDocument, market: StoredTerms | undefined): RoundTerms {
  if (!market) return { currency: lead.currency, floor: 0, maxBuyers: 1, retryAfter: [], expireAfter: 0 };
  const { floor, maxBuyers, retryAfter, expireAfter } = market.campaign;
  return { currency: lead.currency, floor, maxBuyers, retryAfter, expireAfter };
}

function offeredBefore(lead: LeadDocument): Record<string, 'refused' | 'uncertain'> {
  const ended = Object.entries(lead.claims).flatMap(
    ([contract, { status }]): [string, 'refused' | 'uncertain'][] => {
      if (status === 'refused') return [[contract, 'refused']];
      return status === 'cancelled' ? [[contract, 'uncertain']] : [];
    },
  );
  return Object.fromEntries(ended);
}

/** All at once, each with its own time limit: the slowest costs what its own limit says, and the others nothing. */
async function pingAll(
  send: Deps['send'],
  plan: Plan<BuyerWithSecret>,
  lead: LeadDocument,
  round: Round,
): Promise<Entry[]> {
  return Promise.all(
    plan.toPing.map(async ({ contract, buyer, ping }): Promise<Entry> => {
      const result = await sendPing(
        send,
        { ...ping, secret: buyer.secret },
        {
          pingId: pingId(lead._id, contract.id, round.number),
          category: lead.category,
          state: lead.state,
          zip: lead.fields.zip,
          city: lead.fields.city,
          round: round.number,
          floor: round.terms.floor,
          currency: round.terms.currency,
          test: lead.test,
        },
      );
      return { contract: contract.id, buyer: buyer.id, ...result };
    }),
  );
}

const inOrder = (entries: Entry[]): Entry[] => entries.sort((a, b) => (a.contract < b.contract ? -1 : 1));
