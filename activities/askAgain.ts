import { hasExpired, SPENT, withNewAnswer, type PingAnswer } from '../src/market/asking.js';
import type { Round } from '../src/market/round.js';
import { storeRound } from '../src/store/rounds.js';
import { pingOne } from './ask.js';
import type { Deps } from './index.js';
import { roundOf } from './roundOf.js';

export interface AskAgainRequest {
  leadId: string;
  number: number;
  contract: string;
  version: number;
  /** When the source is answered, UTC ms; absent where nobody waits. */
  answerBy?: number;
}

/** Asks one buyer anew because its bid has expired; its new answer takes the old one's place in the round. */
export const askAgain =
  (deps: Deps) =>
  async ({ leadId, number, contract, version, answerBy }: AskAgainRequest): Promise<Round | 'withdrawn'> => {
    const { lead, round } = await roundOf(deps.database, leadId, number);
    if (lead.withdrawal !== undefined) return 'withdrawn';
    const expired = round.entries.find((entry) => entry.contract === contract);
    if (round.version > version || !expired) return round;
    const market = await deps.terms(lead.campaign);
    const answer = await pingOne(deps, market, lead, round, expired, { answerBy, again: true });
    return storeRound(deps.database, leadId, withNewAnswer(round, expired, unlessSpent(answer)));
  };

/** A new bid that can't be posted on either is none: the store keeps why, for whoever reads the round. */
function unlessSpent(answer: PingAnswer): PingAnswer {
  if (!('bid' in answer) || !hasExpired(answer.bid, Date.now())) return answer;
  return { ms: answer.ms, noBid: SPENT };
}
