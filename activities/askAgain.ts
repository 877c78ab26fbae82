import { unlessExpired, withNewAnswer } from '../src/market/auction/asking.js';
import type { Entry, Round } from '../src/market/model/round.js';
import { storeRound } from '../src/store/leads/rounds.js';
import { pingOne } from './ask.js';
import type { Deps } from './deps.js';
import { roundOf } from './roundOf.js';

export interface AskAgainRequest {
  leadId: string;
  number: number;
  contract: string;
  version: number;
  /** When the source is answered, UTC ms; absent if nobody waits. */
  answerBy?: number;
}

/**
 * Asks one buyer again because its bid has expired; its new answer takes the old one's place in the round. Returns that
 * place alone: a hundred buyers may be asked again one after another, and a history has no room for as many rounds.
 */
export const askAgain =
  (deps: Deps) =>
  async ({ leadId, number, contract, version, answerBy }: AskAgainRequest): Promise<Entry | 'withdrawn'> => {
    const { lead, round } = await roundOf(deps.database, leadId, number);
    if (lead.withdrawal !== undefined) return 'withdrawn';
    const expired = entryOf(round, contract);
    if (round.version > version) return expired;
    const market = await deps.terms(lead.campaign);
    const answer = await pingOne(deps, market, lead, round, expired, { answerBy, again: true });
    const next = withNewAnswer(round, expired, unlessExpired(answer, Date.now()));
    return entryOf(await storeRound(deps.database, leadId, next), contract);
  };

function entryOf({ number, entries }: Round, contract: string): Entry {
  const entry = entries.find((one) => one.contract === contract);
  if (entry === undefined) throw new Error(`Round ${number} has not asked ${contract}`);
  return entry;
}
