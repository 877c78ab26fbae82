import {
  afterAnswer,
  circuitId,
  CLOSED_CIRCUIT,
  circuitState,
  takeProbe,
  type Circuit,
  type Failure,
  type Channel,
} from '../../../src/market/limits/circuitBreaker.js';
import type { Minor } from '../../../src/market/money.js';
import type { LimitState } from '../../../src/market/eligibility/plan.js';
import {
  confirmReservation,
  addToBalance,
  releaseReservation,
  releaseReturned,
  reserve,
  type ReservationRequest,
  type Reservations,
} from '../../../src/market/eligibility/reservationsInMemory.js';
import type { Exclusion } from '../../../src/market/model/round.js';
import type { Buyer } from '../../../src/market/model/market.js';
import {
  addChanges,
  takeTurns,
  type CreditChanges,
  type Contender,
  type Credits,
} from '../../../src/market/auction/turns.js';
import { buyerAccount } from '../../../src/market/limits/usage.js';

/** A reservation, with a buyer that may want a notice of a low balance. */
type Taking = ReservationRequest & { buyer: Buyer };

/**
 * What else was sold, in memory: limits, balances, persons, turns, circuits, by the same rules as in the store, for one
 * that walks through lives without one.
 */
export class Trade {
  private readonly reservations: Reservations = { usage: new Map(), purchases: new Map() };
  private readonly circuits = new Map<string, Circuit>();
  private readonly credits = new Map<string, Credits>();
  /** Buyers that were notified of a low balance and have not topped up since. */
  private readonly low = new Set<string>();
  private readonly taken = new Map<string, Taking>();

  known(): LimitState {
    const { usage, purchases } = this.reservations;
    return { usage, purchases: [...purchases.values()].flat(), circuits: this.circuits };
  }

  /** Reserves what a sale needs under every limit, or nothing, and then says why. */
  reserve(asked: Taking): Exclusion | undefined {
    const refusal = reserve(this.reservations, asked);
    if (refusal === undefined) this.taken.set(asked.purchase.sale, asked);
    return refusal;
  }

  /** Gives back what a sale that did not come about had taken; a post that was sent stays counted as sent. */
  release(sale: string): void {
    const asked = this.taken.get(sale);
    if (asked === undefined) return;
    releaseReservation(this.reservations, asked);
    this.taken.delete(sale);
  }

  /**
   * The sale is booked: its reservation becomes final, and the buyer has bought a lead of the person. True if this sale
   * took the prepaid balance below the threshold of the buyer's notice.
   */
  confirm(sale: string): boolean {
    const asked = this.taken.get(sale);
    if (asked === undefined) return false;
    confirmReservation(this.reservations, asked);
    const { id, lowBalance = 0 } = asked.buyer;
    const isLow = !asked.test && this.balance(id) < lowBalance && !this.low.has(id);
    if (isLow) this.low.add(id);
    return isLow;
  }

  /** The buyer gave the lead back: it gets its part of the price, and its caps are freed if that is agreed. */
  giveBack(sale: string, refund: Minor, freesCap: boolean): void {
    const asked = this.taken.get(sale);
    if (asked === undefined) return;
    releaseReturned(this.reservations, asked, refund, freesCap);
    this.taken.delete(sale);
  }

  /** What a prepaid buyer pays in. */
  topUp({ id, lowBalance = 0 }: Pick<Buyer, 'id' | 'lowBalance'>, amount: Minor): void {
    addToBalance(this.reservations, id, amount);
    if (this.balance(id) >= lowBalance) this.low.delete(id);
  }

  /** The buyer has changed the threshold of its notice. */
  hearsOfLowAgain(buyer: string): void {
    this.low.delete(buyer);
  }

  /** In which order a lead is offered where its campaign awards by turns; with no place nobody has one. */
  takeTurns(campaign: string, contenders: readonly Contender[], places: number): string[] {
    const { order, changes } = takeTurns(this.credits.get(campaign) ?? {}, contenders, places);
    this.settleTurns(campaign, changes);
    return order.map(({ id }) => id);
  }

  settleTurns(campaign: string, changes: CreditChanges): void {
    this.credits.set(campaign, addChanges(this.credits.get(campaign) ?? {}, changes));
  }

  /** Whether a lead may turn to the buyer: one that fails is tried by one lead at a time. */
  mayTry(buyer: string, line: Channel, now: number): boolean {
    const id = circuitId(buyer, line);
    const circuit = this.circuits.get(id);
    if (circuit === undefined || circuitState(circuit, now) === 'closed') return true;
    const probing = takeProbe(circuit, now);
    if (probing) this.circuits.set(id, probing);
    return probing !== undefined;
  }

  noteAnswer(buyer: string, line: Channel, failure: Failure | undefined, now: number): void {
    const id = circuitId(buyer, line);
    const next = afterAnswer(this.circuits.get(id) ?? CLOSED_CIRCUIT, failure, now);
    if (next === CLOSED_CIRCUIT) this.circuits.delete(id);
    else this.circuits.set(id, next);
  }

  private balance = (buyer: string): Minor => this.reservations.usage.get(buyerAccount(buyer))?.balance ?? 0;
}
