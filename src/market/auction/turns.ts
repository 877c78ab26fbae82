import { fnv1a } from '../hash.js';

/*
 * Fair turns. Each lead is worth one turn. Every contender gains a share of the turn in proportion to its weight, and
 * the one that takes the turn pays a whole one. A contract that is not a contender (capped, closed, filtered) neither
 * gains nor pays. The balance of a contract is its credit. Credits are kept while a contract is away, and all credits
 * add up to zero.
 *
 * Turns go by the earliest deadline among the contenders with a positive credit, as in earliest eligible virtual
 * deadline first (Stoica and Abdel-Wahab, 1995). If the contenders are the same each time, none is ever a whole turn
 * ahead or behind.
 */

/** Turns owed to each contract. No entry means 0. Below 0: it has had more than its share. */
export type Credits = Readonly<Record<string, number>>;

/** A contract that could take the turn, by its id. `weight` is above 0; equal weights give a round robin. */
export interface Contender {
  id: string;
  weight: number;
}

/**
 * The order in which contenders are offered the lead. The first takes the turn; the others follow in case it does not
 * buy. The order of `contenders` does not matter. Ties are broken by a hash of the ids.
 */
export function turnOrder(credits: Credits, contenders: readonly Contender[]): Contender[] {
  const total = weightOf(contenders);
  return contenders
    .map((contender) => {
      const share = contender.weight / total;
      const owed = (credits[contender.id] ?? 0) + share;
      const isOwed = rounded(owed) > 0;
      // Counted in turns like this one: how long until it is a whole turn behind, or until it is owed anything.
      const due = rounded(((isOwed ? 1 : 0) - owed) / share);
      return { contender, isOwed, due, tie: fnv1a(contender.id) };
    })
    .sort(
      (a, b) =>
        Number(b.isOwed) - Number(a.isOwed) ||
        a.due - b.due ||
        a.tie - b.tie ||
        (a.contender.id < b.contender.id ? -1 : 1),
    )
    .map(({ contender }) => contender);
}

/** Changes to credits, by id. They add up to zero and commute, also with concurrent changes. */
export type CreditChanges = Readonly<Record<string, number>>;

/** One turn: every contender gains its share, and `taker` pays a whole turn. */
export function turnChanges(contenders: readonly Contender[], taker: string): CreditChanges {
  const total = weightOf(contenders);
  return Object.fromEntries(
    contenders.map(({ id, weight }) => [id, weight / total - (id === taker ? 1 : 0)]),
  );
}

/**
 * One turn for each taker, in order. A contract that has taken a turn does not contend for another turn of the same
 * lead.
 */
export function turnChangesOfAll(contenders: readonly Contender[], takers: readonly string[]): CreditChanges {
  let [remaining, changes]: [readonly Contender[], CreditChanges] = [contenders, {}];
  for (const taker of takers) {
    changes = addChanges(changes, turnChanges(remaining, taker));
    remaining = remaining.filter(({ id }) => id !== taker);
  }
  return changes;
}

/**
 * Takes one turn for each place, and returns the order of offers: the takers, then the others in case a taker does
 * not buy. With no places there is an order, but no turn is taken.
 */
export function takeTurns(
  credits: Credits,
  contenders: readonly Contender[],
  places: number,
): { order: Contender[]; changes: CreditChanges } {
  const first: Contender[] = [];
  let [left, changes]: [readonly Contender[], CreditChanges] = [contenders, {}];
  for (let place = 0; place < Math.max(1, places); place++) {
    // The first place needs no addition, and most leads have no other.
    const [taker, ...others] = turnOrder(place === 0 ? credits : addChanges(credits, changes), left);
    if (taker === undefined) break;
    first.push(taker);
    if (places > 0) {
      const more = turnChanges(left, taker.id);
      changes = place === 0 ? more : addChanges(changes, more);
    }
    left = others;
  }
  return { order: [...first, ...left], changes };
}

/**
 * Corrections after a round. A turn counts as used once the lead was sent, whether the buyer bought or not. If
 * refusals gave the turn back, a contract that refuses everything would always be asked first. A taker that was not
 * sent the lead gets its turn back: another limit was reached, its bid had expired or the lead was withdrawn. A
 * contract that turned out unable to take the lead is treated as if it had been away. One that bought out of turn
 * pays for a turn too.
 * @param order as `takeTurns` returned it, of one tier
 * @param sent contracts that were sent the lead, in any order
 * @param away contracts that turned out unable to take the lead
 */
export function settleTurns(
  order: readonly Contender[],
  places: number,
  sent: ReadonlySet<string>,
  away: ReadonlySet<string>,
): CreditChanges {
  const ids = order.map(({ id }) => id);
  const taken = turnChangesOfAll(order, ids.slice(0, places));
  const present = order.filter(({ id }) => !away.has(id));
  const used = turnChangesOfAll(
    present,
    ids.filter((id) => sent.has(id)),
  );
  const changes = Object.entries(addChanges(used, reverseChanges(taken)));
  return Object.fromEntries(changes.filter(([, change]) => rounded(change) !== 0));
}

export function addChanges(credits: Credits, changes: CreditChanges): Credits {
  const sum = { ...credits };
  for (const [id, change] of Object.entries(changes)) sum[id] = (sum[id] ?? 0) + change;
  return sum;
}

export const reverseChanges = (changes: CreditChanges): CreditChanges =>
  Object.fromEntries(Object.entries(changes).map(([id, change]) => [id, -change]));

const weightOf = (contenders: readonly Contender[]): number =>
  contenders.reduce((sum, { weight }) => sum + weight, 0);

/** Sums of thirds differ in their last digits. Smaller differences than this are ignored. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
