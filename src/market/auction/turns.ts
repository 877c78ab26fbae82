import { fnv1a } from '../hash.js';

/*
 * Fair turns. Each lead is worth one turn. Everybody who could have it gains a share of the turn by weight, and whoever
 * has it pays a whole one; who could not have it, capped, closed or filtered, neither gains nor pays. What somebody has
 * gained and not yet had is its credit: it is kept while it is away, and all credits add up to zero.
 *
 * The turn goes by the earliest deadline among those that are owed anything, as in earliest eligible virtual deadline
 * first (Stoica and Abdel-Wahab, 1995): where the same contend each time, nobody is ever a whole turn ahead or behind.
 */

/** Turns that each is owed, by contract; one without an entry is owed 0. Below 0: it had more than its share. */
export type Credits = Readonly<Record<string, number>>;

/** A contract that could have the turn, by its id; `weight` is above 0, and equal weights are a round robin. */
export interface Contender {
  id: string;
  weight: number;
}

/**
 * In which order contenders are offered the lead: the first has its turn, the others follow in case that it does not buy.
 * The order of `contenders` does not matter; equal claims are ordered by a hash of their ids.
 */
export function turnOrder(credits: Credits, contenders: readonly Contender[]): Contender[] {
  const total = weightOf(contenders);
  return contenders
    .map((contender) => {
      const share = contender.weight / total;
      const owed = (credits[contender.id] ?? 0) + share;
      const isOwed = rounded(owed) > 0;
      // In turns like this one: until it would be a whole turn behind, or until it is owed any.
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

/** What is to be added to credits, by id; it adds up to zero. Additions may be made in any order, also while other turns are taken. */
export type CreditChanges = Readonly<Record<string, number>>;

/** One turn among those who stand: all gain their share of it, and the one that has it pays a whole one. */
export function turnChanges(standing: readonly Contender[], taker: string): CreditChanges {
  const total = weightOf(standing);
  return Object.fromEntries(standing.map(({ id, weight }) => [id, weight / total - (id === taker ? 1 : 0)]));
}

/** One turn for each of these, one after the other: who has had one contends for no other of the same lead. */
export function turnChangesOfAll(contenders: readonly Contender[], takers: readonly string[]): CreditChanges {
  let [standing, changes]: [readonly Contender[], CreditChanges] = [contenders, {}];
  for (const taker of takers) {
    changes = addChanges(changes, turnChanges(standing, taker));
    standing = standing.filter(({ id }) => id !== taker);
  }
  return changes;
}

/**
 * As many turns as a lead has places, and the order in which contenders are offered it: those that have a turn, then the
 * others, in case that one of the first does not buy. With no place at all there is an order, and nobody has a turn.
 */
export function takeTurns(
  credits: Credits,
  contenders: readonly Contender[],
  places: number,
): { order: Contender[]; changes: CreditChanges } {
  const first: Contender[] = [];
  let [left, changes]: [readonly Contender[], CreditChanges] = [contenders, {}];
  for (let place = 0; place < Math.max(1, places) && left.length > 0; place++) {
    // Nothing is added for the first place: most leads have no other.
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
 * What is still to be changed once a round is over. A turn is used by whoever was sent the lead, whether it bought or not:
 * were a refused one given back, a contract that refuses everything would be asked first for ever. It is given back by
 * whoever had one and was not sent the lead: another limit was reached meanwhile, its bid had expired, the lead was taken
 * off sale. Who could not have been sent it is left out as if it had been away; who bought out of turn pays for one too.
 * @param order as `takeTurns` gave it, of one tier
 * @param sent those that were sent the lead, in any order
 * @param away those that turned out not to be able to have it
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
  const changes = Object.entries(addChanges(used, scaleChanges(taken, -1)));
  return Object.fromEntries(changes.filter(([, change]) => rounded(change) !== 0));
}

/** The credits once the changes are made. */
export function addChanges(credits: Credits, changes: CreditChanges): Credits {
  const sum = { ...credits };
  for (const [id, change] of Object.entries(changes)) sum[id] = (sum[id] ?? 0) + change;
  return sum;
}

export const scaleChanges = (changes: CreditChanges, factor: number): CreditChanges =>
  Object.fromEntries(Object.entries(changes).map(([id, change]) => [id, change * factor]));

const weightOf = (contenders: readonly Contender[]): number =>
  contenders.reduce((sum, { weight }) => sum + weight, 0);

/** Sums of thirds differ in their last digits; claims that differ by less than this are equal. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
