import { fnv1a } from './hash.js';

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
export type Changes = Readonly<Record<string, number>>;

/**
 * What it changes that `taker` has the turn. Those before it in the order were offered the lead and did not buy: they
 * are left out as if they had been away, so that they keep their place, and save up nothing while they refuse.
 * @param taker one of the order
 */
export function changesOf(order: readonly Contender[], taker: string): Changes {
  const standing = order.slice(order.findIndex(({ id }) => id === taker));
  const total = weightOf(standing);
  return Object.fromEntries(standing.map(({ id, weight }) => [id, weight / total - (id === taker ? 1 : 0)]));
}

/** The first in the order has its turn. */
export function takeTurn(
  credits: Credits,
  contenders: readonly Contender[],
): { order: Contender[]; changes: Changes } {
  const order = turnOrder(credits, contenders);
  return { order, changes: order[0] ? changesOf(order, order[0].id) : {} };
}

/** The first did not buy after its turn was taken: what that changed is undone, and `taker`, where there is one, has it. */
export function giveBack(order: readonly Contender[], taker?: string): Changes {
  const [first] = order;
  const undone = first ? scaled(changesOf(order, first.id), -1) : {};
  return taker === undefined ? undone : added(undone, changesOf(order, taker));
}

/** The credits once the changes are made. */
export function added(credits: Credits, changes: Changes): Credits {
  const sum = { ...credits };
  for (const [id, change] of Object.entries(changes)) sum[id] = (sum[id] ?? 0) + change;
  return sum;
}

const scaled = (changes: Changes, factor: number): Changes =>
  Object.fromEntries(Object.entries(changes).map(([id, change]) => [id, change * factor]));

const weightOf = (contenders: readonly Contender[]): number =>
  contenders.reduce((sum, { weight }) => sum + weight, 0);

/** Sums of thirds differ in their last digits; claims that differ by less than this are equal. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
