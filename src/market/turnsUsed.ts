import { placesOf, type Answer } from './decide.js';
import type { Entry, Round } from './round.js';
import type { Sale } from './terms.js';
import { settleTurns, type Changes } from './turns.js';

/** Whether the award goes by turns, whatever is bid. */
export const isByTurns = ({ award }: Sale): boolean => award === 'weighted' || award === 'roundRobin';

/** Answers of those that were sent the lead. */
const SENT: readonly Answer['answer'][] = ['accepted', 'refused', 'uncertain'];

/** What is to be changed of the turns that a round has taken, once it is known who was sent the lead. */
export function turnsUsed({ entries, turns = [], terms }: Round, answers: readonly Answer[]): Changes {
  const answerOf = new Map(answers.map(({ contract, answer }) => [contract, answer]));
  const isSent = ({ contract }: Entry): boolean => {
    const answer = answerOf.get(contract);
    return answer !== undefined && SENT.includes(answer);
  };
  const isAway = (entry: Entry): boolean =>
    !isSent(entry) && ('noBid' in entry || answerOf.has(entry.contract));
  const inTurn = entries
    .filter(({ contract }) => turns.includes(contract))
    .sort((a, b) => turns.indexOf(a.contract) - turns.indexOf(b.contract));
  const tiers = [...new Set(inTurn.map(({ tier }) => tier))];
  const changes = tiers.map((tier) => {
    const those = inTurn.filter((entry) => entry.tier === tier);
    const order = those.map(({ contract, weight = 1 }) => ({ id: contract, weight }));
    const idsOf = (is: (entry: Entry) => boolean) =>
      new Set(those.filter(is).map(({ contract }) => contract));
    return Object.entries(settleTurns(order, placesOf(terms.sale), idsOf(isSent), idsOf(isAway)));
  });
  return Object.fromEntries(changes.flat());
}
