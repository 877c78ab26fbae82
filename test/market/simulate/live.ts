import { compileCampaigns } from '../../../src/market/simulate/compiledCampaigns.js';
import type { Buyer, Campaign, Contract, Market } from '../../../src/market/model/market.js';
import type { OfferAnswer } from '../../../src/market/auction/decide.js';
import { newRound } from '../../../src/market/eligibility/newRound.js';
import { planRound, withinLimits } from '../../../src/market/eligibility/plan.js';
import {
  confirmReservation,
  purchasesOf,
  addToBalance,
  releaseReservation,
  reserve,
  type Reservations,
} from '../../../src/market/eligibility/reservationsInMemory.js';
import { reservationNeeds } from '../../../src/market/eligibility/reservation.js';
import type { Candidate, Entry, Round } from '../../../src/market/model/round.js';
import { withAnswers } from '../../../src/market/auction/asking.js';
import { isByTurns } from '../../../src/market/auction/turnsUsed.js';
import { advanceRound } from '../../../src/market/life/round.js';
import { isLastWait, nextWait } from '../../../src/market/waiting/waiting.js';
import type { Elsewhere } from '../../../src/market/simulate/decideAgain.js';
import { pastRound, type PastLead } from '../../../src/market/simulate/past.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = Date.UTC(2026, 10, 24, 12);
export const CAMPAIGN = 'ACME1234/auto-insurance';

export const campaignOf = (terms: Partial<Campaign> = {}): Campaign => ({
  id: CAMPAIGN,
  seller: 'ACME1234',
  category: 'Auto Insurance',
  active: true,
  currency: 'USD',
  required: ['firstName', 'lastName', 'phone', 'state'],
  sale: { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' },
  pending: { retryAfter: [30 * MINUTE, HOUR], expireAfter: 3 * HOUR },
  ...terms,
});

export const contractOf = (buyer: string, terms: Partial<Contract> = {}): Contract => ({
  id: `${CAMPAIGN}/${buyer}`,
  campaign: CAMPAIGN,
  buyer,
  active: true,
  tier: 1,
  weight: 1,
  timezone: 'UTC',
  ...terms,
});

export const buyerOf = (id: string, terms: Partial<Buyer> = {}): Buyer => ({
  id,
  name: id,
  active: true,
  ping: { url: `http://${id}.example/ping`, timeoutMs: 500 },
  post: { url: `http://${id}.example/post`, timeoutMs: 2000 },
  ...terms,
});

/** A market of one campaign with the buyers of all contracts. */
export const marketOf = (
  campaign: Partial<Campaign>,
  contracts: Record<string, Partial<Contract>>,
  buyers: Record<string, Partial<Buyer>> = {},
): Market => ({
  sellers: [{ code: 'ACME1234', slug: 'acme', name: 'Acme', active: true, postbacks: [] }],
  buyers: Object.keys(contracts).map((id) => buyerOf(id, buyers[id])),
  campaigns: [campaignOf(campaign)],
  contracts: Object.entries(contracts).map(([buyer, terms]) => contractOf(buyer, terms)),
});

/** The state without sales, with the balances in the market. */
export const nothingElse = ({ buyers }: Market): Elsewhere => ({
  usage: new Map(),
  credits: new Map(),
  purchases: new Map(),
  sales: [],
  payments: buyers.flatMap(({ id, balance }) =>
    balance === undefined ? [] : [{ buyer: id, amount: balance, at: 0 }],
  ),
});

/** A lead with each buyer's fixed answer: the bid in cents and whether the buyer accepts. */
export interface LiveLead {
  id: string;
  at: number;
  state?: string;
  person?: string;
  buyers: Record<string, { bid?: number; accepts: boolean }>;
}

/** Sells leads one after the other and keeps the records of a store. Unsold leads wait and are retried. */
export async function live(terms: Market, leads: readonly LiveLead[], until = Infinity): Promise<PastLead[]> {
  const market = compileCampaigns(terms).get(CAMPAIGN);
  if (!market) throw new Error('The market has no campaign');
  const reservations: Reservations = { usage: new Map(), purchases: new Map() };
  for (const { buyer, amount } of nothingElse(terms).payments) addToBalance(reservations, buyer, amount);
  const lives = new Map(leads.map((lead) => [lead.id, { ...pastLeadOf(lead), buyers: lead.buyers }]));
  const offered = new Map<string, Record<string, 'refused'>>();
  const queue = leads.map(({ id, at }) => ({ id, at }));
  for (;;) {
    queue.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    const next = queue.shift();
    const lead = next && lives.get(next.id);
    if (!lead || next.at > until) return [...lives.values()].filter(({ rounds }) => rounds.length > 0);
    const { round, answers } = await roundOf(next.at, lead);
    const sold = lead.sales.length > 0;
    const wait = nextWait(lead.facts, round, answers);
    if (!sold && !isLastWait(wait)) queue.push({ id: next.id, at: wait.at });
  }

  async function roundOf(
    now: number,
    lead: PastLead & Pick<LiveLead, 'buyers'>,
  ): Promise<{ round: Round; answers: OfferAnswer[] }> {
    if (!market) throw new Error('The market has no campaign');
    const { facts, match, buyers } = lead;
    const before = offered.get(facts.leadId) ?? {};
    const known = {
      usage: reservations.usage,
      purchases: purchasesOf(reservations, match, now),
      circuits: new Map(),
    };
    const asked = { ...lead, offered: before };
    const plan = withinLimits(planRound(market, asked, now), market, asked, { ...known, now });
    const about = { number: lead.rounds.length + 1, receivedAt: facts.receivedAt, now };
    const planned = newRound(market, about, plan, reservations.usage);
    const entryOf = (candidate: Candidate): Entry => {
      const bid = candidate.price ?? buyers[candidate.buyer]?.bid;
      return bid === undefined
        ? { ...candidate, noBid: { reason: 'no_bid' } }
        : { ...candidate, bid: { price: bid } };
    };
    const over = await advanceRound(facts.leadId, planned, [], {
      ask: async (round, asked) => {
        const next = withAnswers(round, asked.map(entryOf));
        return isByTurns(round.terms.sale) ? { ...next, turns: round.turns ?? [] } : next;
      },
      askAgain: async () => 'closed',
      sell: async (_, { contract, buyer, price, earns }) => {
        const ready = market.contracts.find((each) => each.contract.id === contract);
        if (!ready) throw new Error('It was offered to a stranger');
        const sale = `${facts.leadId}/${contract}`;
        const purchase = { sale, lead: facts.leadId, contract, buyer, campaign: CAMPAIGN, at: now, ...match };
        const asked = {
          ...reservationNeeds(market, contract, { price, test: false, award: planned.terms.sale.award, now }),
          purchase,
          price,
          currency: 'USD',
          test: false,
          buyer: ready.buyer,
        };
        const refusal = reserve(reservations, asked);
        if (refusal) return { answer: 'capped', change: refusal.change };
        const answer = buyers[buyer]?.accepts === false ? 'refused' : 'accepted';
        lead.posts.push({ contract, at: now, answer });
        if (answer === 'refused') {
          offered.set(facts.leadId, { ...offered.get(facts.leadId), [contract]: 'refused' });
          releaseReservation(reservations, asked);
          return { answer };
        }
        confirmReservation(reservations, asked);
        lead.sales.push({ contract, buyer, price, earns, at: now });
        return { answer };
      },
    });
    lead.rounds.push(pastRound(facts, over.round, over.answers));
    return over;
  }
}

const pastLeadOf = ({ id, at, state = 'TX', person }: LiveLead): PastLead => ({
  facts: {
    leadId: id,
    seller: 'ACME1234',
    category: 'Auto Insurance',
    state,
    receivedAt: at,
    test: false,
  },
  fields: {},
  source: 'landing-page',
  match: person === undefined ? {} : { phone: person },
  campaign: CAMPAIGN,
  currency: 'USD',
  rounds: [],
  posts: [],
  sales: [],
});
