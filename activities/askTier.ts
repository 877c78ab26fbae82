import { nextTier } from '../src/market/auction/asking.js';
import type { Round } from '../src/market/model/round.js';
import { ask } from './ask.js';
import type { Deps } from './deps.js';
import { roundOf } from './roundOf.js';

export interface TierRequest {
  leadId: string;
  number: number;
  tier: number;
  answerBy?: number;
}

/** Asks the next tier of a round, after the one before bought nothing; where it was asked already, its answers stand. */
export const askTier =
  (deps: Deps) =>
  async ({ leadId, number, tier, answerBy }: TierRequest): Promise<Round | 'withdrawn'> => {
    const { lead, round } = await roundOf(deps.database, leadId, number);
    if (lead.withdrawal !== undefined) return 'withdrawn';
    if (!round.later.some((candidate) => candidate.tier === tier)) return round;
    const market = await deps.terms(lead.campaign);
    if (market === undefined) return { ...round, later: [] };
    return ask(deps, market, lead, round, nextTier(round).asked, answerBy);
  };
