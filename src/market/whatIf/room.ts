import type { ReadyContract, ReadyMarket } from '../compile.js';
import { duplicateUnder, isDuplicate, personIds, type Hold, type Match } from '../duplicates.js';
import type { Minor } from '../money.js';
import { roomNeeded } from '../room.js';
import type { NoBid } from '../round.js';
import type { Sale } from '../terms.js';
import { buyerAccount, fullLimit, limitsOf, refusalOf, unpayable, type Limit, type Usage } from '../usage.js';

/**
 * What has been sold, as far as limits and rules on duplicates ask for it, for thousands of leads that are decided one
 * after the other: counters are changed in place, and a person's holds are found without a look at all others.
 */
export interface Room {
  /** By contract, and by `buyer:ID` for balances. */
  usage: Map<string, Usage>;
  /** By `personIds`. */
  holds: Map<string, Hold[]>;
}

/** A sale that takes room. Times are UTC ms. */
export interface Taking {
  market: ReadyMarket;
  /** Of the market. */
  ready: ReadyContract;
  award: Sale['award'];
  hold: Hold;
  match: Match;
  price: Minor;
  now: number;
}

/** What a sale has taken. */
export interface Taken {
  limits: Limit[];
  isPrepaid: boolean;
  countsOffers: boolean;
}

function usageOf({ usage }: Room, id: string): Usage {
  const known = usage.get(id) ?? {};
  usage.set(id, known);
  return known;
}

/** Holds on leads of the person that were there by then. */
export const holdsOf = ({ holds }: Room, match: Match, now: number): Hold[] =>
  personIds(match).flatMap((id) => (holds.get(id) ?? []).filter(({ at }) => at <= now));

/** Takes the room that a sale needs under every limit, or says which of them leaves none. */
export function takeRoom(room: Room, taking: Taking): { refusal: NoBid } | { taken: Taken } {
  const { ready, market, award, hold, match, price, now } = taking;
  const { contract, buyer } = ready;
  const { currency } = market.campaign;
  const { limits, duplicates, countsOffers } = roomNeeded(market, contract.id, {
    price,
    test: false,
    award,
    now,
  });
  const holds = holdsOf(room, match, now);
  const rule = duplicates.find((each) => isDuplicate(each, hold, match, holds, now));
  if (rule) return { refusal: duplicateUnder(rule) };
  const full = fullLimit(limits, room.usage.get(contract.id));
  if (full) return { refusal: refusalOf(full, currency) };
  const broke = unpayable(buyer, room.usage.get(buyerAccount(buyer.id)), price, currency);
  if (broke) return { refusal: broke };
  const isPrepaid = buyer.balance !== undefined;
  count(room, contract.id, limits, 1);
  if (isPrepaid) pay(room, buyer.id, -price);
  if (countsOffers) offered(room, contract.id, 1, 0);
  for (const id of personIds(match)) room.holds.set(id, [...(room.holds.get(id) ?? []), hold]);
  return { taken: { limits, isPrepaid, countsOffers } };
}

/** The buyer has accepted: its acceptance counts where the award asks for it. */
export function confirmRoom(room: Room, { ready }: Taking, { countsOffers }: Taken): void {
  if (countsOffers) offered(room, ready.contract.id, 0, 1);
}

/** The buyer has not accepted. What it was sent stays counted as sent. */
export function releaseRoom(room: Room, taking: Taking, { limits, isPrepaid }: Taken): void {
  count(
    room,
    taking.ready.contract.id,
    limits.filter(({ counter }) => counter !== 'posts'),
    -1,
  );
  if (isPrepaid) pay(room, taking.ready.buyer.id, taking.price);
  forget(room, taking);
}

/** The buyer has given the lead back. */
export function returnRoom(room: Room, taking: Taking, { limits, isPrepaid }: Taken, refund: Minor): void {
  if (taking.ready.contract.returns?.freesCap === true) {
    for (const { counter, window, adds } of limits) {
      if (counter === 'sold') add(room, taking.ready.contract.id, counter, window, -adds);
      if (counter === 'spent') add(room, taking.ready.contract.id, counter, window, -refund);
    }
  }
  if (isPrepaid) pay(room, taking.ready.buyer.id, refund);
  forget(room, taking);
}

/** Counts a sale that is not decided here. */
export function countSale(room: Room, ready: ReadyContract, price: Minor, at: number): void {
  count(room, ready.contract.id, limitsOf(ready.contract, ready.schedule, price, at), 1);
}

export function pay(room: Room, buyer: string, amount: Minor): void {
  const account = usageOf(room, buyerAccount(buyer));
  account.balance = (account.balance ?? 0) + amount;
}

function count(room: Room, contract: string, limits: readonly Limit[], times: 1 | -1): void {
  for (const { counter, window, adds } of limits) add(room, contract, counter, window, adds * times);
}

function add(room: Room, id: string, counter: Limit['counter'], window: string, adds: number): void {
  const used = usageOf(room, id);
  const by = used[counter] ?? {};
  used[counter] = by;
  by[window] = (by[window] ?? 0) + adds;
}

function offered(room: Room, id: string, posted: number, accepted: number): void {
  const used = usageOf(room, id);
  const { offers = { posted: 0, accepted: 0 } } = used;
  used.offers = { posted: offers.posted + posted, accepted: offers.accepted + accepted };
}

function forget({ holds }: Room, { match, hold }: Taking): void {
  for (const id of personIds(match)) {
    holds.set(
      id,
      (holds.get(id) ?? []).filter(({ sale }) => sale !== hold.sale),
    );
  }
}
