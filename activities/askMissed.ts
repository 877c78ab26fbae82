import { missedCandidates } from '../src/market/auction/asking.js';
import type { Round } from '../src/market/model/round.js';
import { ask } from './ask.js';
import type { Deps } from './deps.js';
import { roundOf } from './roundOf.js';

export interface MissedRequest {
  leadId: string;
  number: number;
  version: number;
  /** When the source is answered, UTC ms; absent if nobody waits. */
  answerBy?: number;
}

/**
 * Asks those again whose answers a round did not wait for, now that who was to buy has not; where they were asked already,
 * their answers stand.
 */
export const askMissed =
  (deps: Deps) =>
  async ({ leadId, number, version, answerBy }: MissedRequest): Promise<Round | 'withdrawn'> => {
    const { lead, round } = await roundOf(deps.database, leadId, number);
    if (lead.withdrawal !== undefined) return 'withdrawn';
    if (round.version > version) return round;
    const market = await deps.terms(lead.campaign);
    return ask(deps, market, lead, round, missedCandidates(round), answerBy);
  };
