import { placesOf, type Answer } from './decide.js';
import type { Entry, Round } from './round.js';
import type { Sale } from './terms.js';
import { added, changesOfAll, settleTurns, type Changes, type Contender } from './turns.js';

/** Whether the award goes by turns, whatever is bid. */
export const isByTurns = ({ award }: Sale): boolean => award === 'weighted' || award === 'roundRobin';

/** Answers of those that were sent the lead. */
const SENT: readonly Answer['answer'][] = ['accepted', 'refused', 'uncertain'];

/** What is to be changed of the turns that a round has taken, once it is known who was sent the lead. */
export function turnsUsed(round: Round, answers: readonly Answer[]): Changes {
  const answerOf = new Map(answers.map(({ contract, answer }) => [contract, answer]));
  const isSent = ({ contract }: Entry): boolean => {
    const answer = answerOf.get(contract);
    return answer !== undefined && SENT.includes(answer);
  };
  const isAway = (entry: Entry): boolean =>
    !isSent(entry) && ('noBid' in entry || answerOf.has(entry.contract));
  const places = placesOf(round.terms.sale);
  return together(
    tiersInTurn(round).map((tier) => {
      const idsOf = (is: (entry: Entry) => boolean) =>
        new Set(tier.filter(is).map(({ contract }) => contract));
      return settleTurns(tier.map(contender), places, idsOf(isSent), idsOf(isAway));
    }),
  );
}

/** What a round has changed of the turns in all: those that it took, and what was put right after it. */
export function turnsChanged(round: Round, answers: readonly Answer[]): Changes {
  const places = placesOf(round.terms.sale);
  const taken = tiersInTurn(round).map((tier) => {
    const order = tier.map(contender);
    return changesOfAll(
      order,
      order.slice(0, places).map(({ id }) => id),
    );
  });
  return added(together(taken), turnsUsed(round, answers));
}

const contender = ({ contract, weight = 1 }: Entry): Contender => ({ id: contract, weight });

/** Those who contended in each tier, in the order of their turns. */
function tiersInTurn({ entries, turns = [] }: Round): Entry[][] {
  const inTurn = entries
    .filter(({ contract }) => turns.includes(contract))
    .sort((a, b) => turns.indexOf(a.contract) - turns.indexOf(b.contract));
  return [...new Set(inTurn.map(({ tier }) => tier))].map((tier) =>
    inTurn.filter((entry) => entry.tier === tier),
  );
}

/** No contract is in two tiers. */
const together = (changes: readonly Changes[]): Changes =>
  Object.fromEntries(changes.flatMap(Object.entries));
