import type { PingResult } from '../src/buyers/ping.js';
import type { Candidate, Entry, Round } from '../src/market/round.js';
import { findLeadForRound, storeRound } from '../src/store/leads.js';
import { pingOne } from './ask.js';
import type { Deps } from './index.js';
import { hasExpired } from './sellLead.js';

/** Asks one buyer anew because its bid has expired; its new answer takes the old one's place in the round. */
export const askAgain =
  (deps: Deps) =>
  async (request: { leadId: string; number: number; contract: string; version: number }): Promise<Round> => {
    const { leadId, number, contract, version } = request;
    const lead = await findLeadForRound(deps.database, leadId, number);
    const round = lead?.rounds[number];
    if (!lead || !round) throw new Error(`Lead ${leadId} has no round ${number}`);
    const expired = round.entries.find((entry) => entry.contract === contract);
    if (round.version > version || !expired) return round;
    const market = await deps.terms(lead.campaign);
    const answer = market
      ? await pingOne(deps, market, lead, round, expired, { again: true })
      : { ms: 0, noBid: { reason: 'paused' as const } };
    const entries = round.entries.map((entry) =>
      entry === expired ? answered(expired, unlessSpent(answer)) : entry,
    );
    return storeRound(deps.database, leadId, { ...round, version: round.version + 1, entries });
  };

/** A new bid that can't be posted on either is none: the store keeps why, for whoever reads the round. */
function unlessSpent(answer: PingResult): PingResult {
  if (!('bid' in answer) || !hasExpired(answer)) return answer;
  const detail = 'its bids expire before they can be posted on';
  return { ms: answer.ms, noBid: { reason: 'timeout', detail } };
}

function answered(entry: Entry, answer: PingResult): Entry {
  const candidate: Candidate & { bid?: unknown } = { ...entry };
  delete candidate.bid;
  return { ...candidate, ...answer };
}
