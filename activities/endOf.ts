import { conclude, unsoldReason, type OfferAnswer } from '../src/market/auction/decide.js';
import type { EndStatus } from '../src/market/model/lead.js';
import { withdrawnBy } from '../src/market/model/statusView.js';
import { toDecimal } from '../src/market/money.js';
import {
  endInWords,
  returnsInWords,
  roundInWords,
  type FinishedLead,
  type ReturnedSale,
} from '../src/market/wording/story.js';
import type { RoundInWords } from '../src/market/wording/waitingLead.js';
import { metrics } from '../src/metrics.js';
import { returnsOf } from '../src/store/books/returns.js';
import type { Database } from '../src/store/db.js';
import type { StoredLead } from '../src/store/documents.js';
import { findStoredLead, UnknownLeadError } from '../src/store/leads/leads.js';
import { lastRoundOf, readRounds } from '../src/store/leads/rounds.js';
import { findSeller } from '../src/store/market/storedTerms.js';
import type { Deps } from './deps.js';

/** The end of a lead, as its workflow needs it. */
export interface End {
  status: EndStatus;
  /** The number of its last round; 0 if there was none. */
  round: number;
  /** The number of the seller's postback addresses. */
  addresses: number;
  /** The seller's earnings and the buyers; absent if the lead was never sold. */
  sale?: { price: number; buyers: string[] };
  lead: FinishedLead;
}

/** Rounds that the result shows: the first and the last ones of a long life. */
const SHOWN_ROUNDS = { first: 5, last: 20 };

/** The end of a lead, as it is stored. */
export async function endOf(deps: Deps, leadId: string, status: EndStatus): Promise<End> {
  const { database, log } = deps;
  const lead = await storedLead(database, leadId);
  const [{ rounds }, returns, addresses] = await Promise.all([
    readRounds(database, lead, SHOWN_ROUNDS),
    returnedSales(database, lead),
    addressesOf(deps, lead),
  ]);
  if (status === 'expired' || status === 'withdrawn') {
    metrics.unsold(1, { status });
    log.info({ lead_id: leadId, event: 'ended', status });
  }
  const inWords = rounds.map(({ round, answers }) => ({ round, outcomes: conclude(round, answers) }));
  const last = inWords.at(-1);
  const sales = Object.values(lead.claims).filter((claim) => claim.status === 'accepted');
  const lastReturn = returns.at(-1)?.at;
  const round = last?.round.number ?? 0;
  const ended = Date.now();
  const story = endInWords({
    status,
    sales,
    isSoldBefore:
      lastReturn !== undefined && sales.every(({ endedAt, at }) => (endedAt ?? at).getTime() <= lastReturn),
    returns,
    kept: lead.price ?? 0,
    withdrawnBy: withdrawnBy(lead),
    currency: lead.currency,
    reason: lead.reason ?? (last ? unsoldReason(last.outcomes) : 'no_buyer_eligible'),
    rounds: round,
    took: ended - lead.receivedAt.getTime(),
  });
  const wasSold = sales.length > 0 || returns.length > 0;
  return {
    status,
    round,
    addresses,
    sale: wasSold
      ? { price: toDecimal(lead.price ?? 0, lead.currency), buyers: sales.map(({ buyer }) => buyer) }
      : undefined,
    lead: {
      status,
      story,
      rounds: inWords.map(({ round, outcomes }) => roundInWords(round, outcomes)),
      received: lead.receivedAt.toISOString(),
      ended: new Date(ended).toISOString(),
    },
  };
}

/** What ops read of a lead that waits: its returns, and the result of its last round. */
export async function historyInWords(
  database: Database,
  lead: StoredLead,
): Promise<{ story?: string; lastRound?: RoundInWords }> {
  const returns = await returnedSales(database, lead);
  const last = lastRoundOf(lead);
  return {
    story: returns.length > 0 ? `${returnsInWords(returns, lead.currency)} On sale again.` : undefined,
    lastRound: last && roundInWords(last.round, conclude(last.round, [...last.answers, ...openPosts(lead)])),
  };
}

const openPosts = ({ claims }: StoredLead): OfferAnswer[] =>
  Object.entries(claims).flatMap(([contract, { status }]): OfferAnswer[] =>
    status === 'posting'
      ? [{ contract, answer: 'uncertain', detail: 'its post has no clear answer yet' }]
      : [],
  );

/** @throws UnknownLeadError if it is not stored */
export async function storedLead(database: Database, leadId: string): Promise<StoredLead> {
  const lead = await findStoredLead(database, leadId);
  if (lead === null) throw new UnknownLeadError(leadId);
  return lead;
}

export async function addressesOf(
  { database, terms }: Deps,
  { campaign, seller }: Pick<StoredLead, 'campaign' | 'seller'>,
): Promise<number> {
  const known = (await terms(campaign))?.seller ?? (await findSeller(database, seller));
  return known?.postbacks.length ?? 0;
}

async function returnedSales(database: Database, lead: StoredLead): Promise<ReturnedSale[]> {
  const returns = await returnsOf(database, lead);
  return returns.flatMap(({ contract, reason, at, inOwnWords }): ReturnedSale[] => {
    const claim = lead.claims[contract];
    if (claim === undefined) return [];
    const { buyer, price, round } = claim;
    return [
      { buyer, price, round, reason: inOwnWords === true ? 'in its own words' : reason, at: at.getTime() },
    ];
  });
}
