import { askGroup } from './asking.js';
import type { OfferAnswer } from './decide.js';
import { placesOf } from './prices.js';
import type { Entry, Round } from '../model/round.js';
import type { Sale } from '../model/market.js';
import { addChanges, turnChangesOfAll, settleTurns, type CreditChanges, type Contender } from './turns.js';

/** Whether turns decide the award, regardless of the bids. */
export const isByTurns = ({ award }: Sale): boolean => award === 'weighted' || award === 'roundRobin';

const SENT: readonly OfferAnswer['answer'][] = ['accepted', 'refused', 'uncertain'];

/** Corrections to the turns of a round, once it is known who was sent the lead. */
export function turnsUsed(round: Round, answers: readonly OfferAnswer[]): CreditChanges {
  const answerOf = new Map(answers.map(({ contract, answer }) => [contract, answer]));
  const isSent = ({ contract }: Entry): boolean => {
    const answer = answerOf.get(contract);
    return answer !== undefined && SENT.includes(answer);
  };
  const isAway = (entry: Entry): boolean =>
    !isSent(entry) && ('noBid' in entry || answerOf.has(entry.contract));
  const places = placesOf(round.terms.sale);
  return inAll(
    takenTogether(round).map((together) => {
      const idsOf = (is: (entry: Entry) => boolean) =>
        new Set(together.filter(is).map(({ contract }) => contract));
      return settleTurns(together.map(contender), places, idsOf(isSent), idsOf(isAway));
    }),
  );
}

/** All changes that a round made to turns: the turns taken, and the corrections after it. */
export function turnsChanged(round: Round, answers: readonly OfferAnswer[]): CreditChanges {
  const places = placesOf(round.terms.sale);
  const taken = takenTogether(round).map((together) => {
    const order = together.map(contender);
    return turnChangesOfAll(
      order,
      order.slice(0, places).map(({ id }) => id),
    );
  });
  return addChanges(inAll(taken), turnsUsed(round, answers));
}

const contender = ({ contract, weight = 1 }: Entry): Contender => ({ id: contract, weight });

/** Entries grouped by the time at which they contended (tier, and whether asked again), in the order of their turns. */
function takenTogether({ entries, turns = [] }: Round): Entry[][] {
  const inTurn = entries
    .filter(({ contract }) => turns.includes(contract))
    .sort((a, b) => turns.indexOf(a.contract) - turns.indexOf(b.contract));
  return [...new Set(inTurn.map(askGroup))].map((time) => inTurn.filter((entry) => askGroup(entry) === time));
}

/** No contract contends twice, so no change overwrites another. */
const inAll = (changes: readonly CreditChanges[]): CreditChanges =>
  Object.fromEntries(changes.flatMap(Object.entries));
