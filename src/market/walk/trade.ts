import { afterAnswer, CLOSED, stateOf, takeProbe, type Circuit } from '../breaker.js';
import { duplicateUnder, isDuplicate, type Hold } from '../duplicates.js';
import type { Minor } from '../money.js';
import type { Known } from '../plan.js';
import type { RoomNeeded } from '../room.js';
import type { NoBid } from '../round.js';
import type { Buyer } from '../terms.js';
import { added, takeTurns, type Changes, type Contender, type Credits } from '../turns.js';
import { fullLimit, refusalOf, unpayable, type Limit, type Usage } from '../usage.js';

/** What a sale needs room for. */
export interface Asked extends RoomNeeded {
  hold: Hold;
  price: Minor;
  currency: string;
  test: boolean;
  buyer: Buyer;
}

/** What a sale has taken up. */
interface Taken {
  asked: Asked;
  limits: Limit[];
}

/**
 * What else was sold, in memory: limits, balances, persons, turns, circuits, by the same rules as in the store, for one
 * that walks through lives without one.
 */
export class Trade {
  private readonly usage = new Map<string, Usage>();
  private holds: Hold[] = [];
  private readonly circuits = new Map<string, Circuit>();
  private readonly credits = new Map<string, Credits>();
  /** Buyers that were told that their balance is low, and have not topped up above since. */
  private readonly low = new Set<string>();
  private readonly taken = new Map<string, Taken>();

  known(): Known {
    return { usage: this.usage, holds: this.holds, circuits: this.circuits };
  }

  /** Takes the room that a sale needs under every limit, or none of it and says why. */
  reserve(asked: Asked): NoBid | undefined {
    const { hold, price, currency, test, buyer, limits, duplicates, countsOffers } = asked;
    const rule = duplicates.find((each) => isDuplicate(each, hold, hold, this.holds, hold.at));
    if (rule) return duplicateUnder(rule);
    const full = fullLimit(limits, this.usage.get(hold.contract));
    if (full) return refusalOf(full, currency);
    const isPrepaid = buyer.balance !== undefined && !test;
    const broke = isPrepaid ? unpayable(buyer, this.account(buyer.id), price, currency) : undefined;
    if (broke) return broke;
    this.count(hold.contract, limits, 1);
    if (countsOffers) this.offer(hold.contract, { posted: 1, accepted: 0 });
    if (isPrepaid) this.pay(buyer.id, -price);
    if (duplicates.length > 0) this.holds.push(hold);
    this.taken.set(hold.sale, { asked, limits });
    return undefined;
  }

  /** Gives back what a sale that did not come about had taken; a post that was sent stays counted as sent. */
  release(sale: string): void {
    const taken = this.taken.get(sale);
    if (taken === undefined) return;
    const { asked, limits } = taken;
    this.count(
      asked.hold.contract,
      limits.filter(({ counter }) => counter !== 'posts'),
      -1,
    );
    if (asked.buyer.balance !== undefined && !asked.test) this.pay(asked.buyer.id, asked.price);
    this.forget(sale);
  }

  /**
   * The sale is booked: what it took up stays taken, and the buyer holds a lead of the person. True where it is the one
   * that took a prepaid balance below what its buyer wants to hear of.
   */
  confirm(sale: string): boolean {
    const { asked } = this.taken.get(sale) ?? {};
    if (asked === undefined) return false;
    if (asked.countsOffers) this.offer(asked.hold.contract, { posted: 0, accepted: 1 });
    if (!this.holds.includes(asked.hold)) this.holds.push(asked.hold);
    const { id, lowBalance = 0 } = asked.buyer;
    const isLow = !asked.test && (this.account(id).balance ?? 0) < lowBalance && !this.low.has(id);
    if (isLow) this.low.add(id);
    return isLow;
  }

  /** The buyer gave the lead back: it gets its part of the price, and room under its limits where that is agreed. */
  giveBack(sale: string, refund: Minor, freesCap: boolean): void {
    const taken = this.taken.get(sale);
    if (taken === undefined) return;
    const { asked, limits } = taken;
    const room = limits
      .filter(({ counter }) => counter !== 'posts')
      .map((limit) => (limit.counter === 'spent' ? { ...limit, adds: refund } : limit));
    if (freesCap) this.count(asked.hold.contract, room, -1);
    if (asked.buyer.balance !== undefined && !asked.test) this.pay(asked.buyer.id, refund);
    this.forget(sale);
  }

  /** What a prepaid buyer pays in. */
  topUp({ id, lowBalance = 0 }: Pick<Buyer, 'id' | 'lowBalance'>, amount: Minor): void {
    this.pay(id, amount);
    if ((this.account(id).balance ?? 0) >= lowBalance) this.low.delete(id);
  }

  /** The buyer wants to hear of another low balance than before. */
  hearsOfLowAgain(buyer: string): void {
    this.low.delete(buyer);
  }

  private pay(buyer: string, amount: Minor): void {
    const account = this.account(buyer);
    this.usage.set(`buyer:${buyer}`, { ...account, balance: (account.balance ?? 0) + amount });
  }

  /** In which order a lead is offered where its campaign awards by turns; with no place nobody has one. */
  takeTurns(campaign: string, contenders: readonly Contender[], places: number): string[] {
    const { order, changes } = takeTurns(this.credits.get(campaign) ?? {}, contenders, places);
    this.settleTurns(campaign, changes);
    return order.map(({ id }) => id);
  }

  settleTurns(campaign: string, changes: Changes): void {
    this.credits.set(campaign, added(this.credits.get(campaign) ?? {}, changes));
  }

  /** Whether the buyer may be asked: one that fails is tried by one lead at a time. */
  mayAsk(buyer: string, now: number): boolean {
    const circuit = this.circuits.get(buyer);
    if (circuit === undefined || stateOf(circuit, now) !== 'half_open') return true;
    const probing = takeProbe(circuit, now);
    if (probing) this.circuits.set(buyer, probing);
    return probing !== undefined;
  }

  noteAnswer(buyer: string, isWell: boolean, now: number): void {
    const next = afterAnswer(this.circuits.get(buyer) ?? CLOSED, isWell, now);
    if (next === CLOSED) this.circuits.delete(buyer);
    else this.circuits.set(buyer, next);
  }

  private account = (buyer: string): Usage => this.usage.get(`buyer:${buyer}`) ?? {};

  private count(contract: string, limits: readonly Limit[], sign: 1 | -1): void {
    const used = structuredClone(this.usage.get(contract) ?? {});
    for (const { counter, window, adds } of limits) {
      const windows = (used[counter] ??= {});
      windows[window] = (windows[window] ?? 0) + sign * adds;
    }
    this.usage.set(contract, used);
  }

  private offer(contract: string, more: { posted: number; accepted: number }): void {
    const used = this.usage.get(contract) ?? {};
    const { posted = 0, accepted = 0 } = used.offers ?? {};
    const offers = { posted: posted + more.posted, accepted: accepted + more.accepted };
    this.usage.set(contract, { ...used, offers });
  }

  private forget(sale: string): void {
    this.holds = this.holds.filter((hold) => hold.sale !== sale);
    this.taken.delete(sale);
  }
}
