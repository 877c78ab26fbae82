import {
  buyerCircuit,
  circuitReports,
  type CircuitState,
  type Channel,
  type CircuitReport,
} from '../../market/limits/circuitBreaker.js';
import type { Minor } from '../../market/money.js';
import { answersOfLastDay, type AnswerCounts } from '../fairness/answers.js';
import { isPaused } from '../../market/model/pause.js';
import { accountId } from '../sales/capacity.js';
import { readCircuits } from '../fairness/circuits.js';
import type { Database } from '../db.js';
import { currentBuyer } from '../market/earlierMarket.js';

export interface BuyerOverview {
  id: string;
  /** False while paused. */
  active: boolean;
  /** When the pause ends automatically, UTC ms. */
  pausedUntil?: number;
  circuit: CircuitState;
  /** Pings, posts or both, if the circuit is not closed. */
  failing: Channel[];
  /** Consecutive failures, even while the circuit is closed. */
  troubles: CircuitReport[];
  /** Its answers in the last 24 hours, including test leads. */
  answers: AnswerCounts;
  /** Leads bought since midnight UTC, without test leads. */
  today: number;
  /** Of a prepaid buyer: the balance, and the amount reserved for posts in progress. */
  prepaid?: { left: Minor; reserved: Minor; currency: string };
}

/**
 * The status of every buyer, by id.
 * @param now UTC ms
 */
export async function listBuyers(database: Database, now: number): Promise<BuyerOverview[]> {
  const { buyers, usage, sales } = database;
  const midnight = new Date(new Date(now).setUTCHours(0, 0, 0, 0));
  const known = (await buyers.find().sort({ _id: 1 }).toArray()).map(currentBuyer);
  const [accounts, circuits, answers, bought] = await Promise.all([
    usage.find({ _id: { $in: known.map(({ _id }) => accountId(_id)) } }).toArray(),
    readCircuits(database),
    answersOfLastDay(database, now),
    sales
      .aggregate<{ _id: string; count: number }>([
        { $match: { buyer: { $in: known.map(({ _id }) => _id) }, at: { $gte: midnight }, test: false } },
        { $group: { _id: '$buyer', count: { $sum: 1 } } },
      ])
      .toArray(),
  ]);
  const accountOf = new Map(accounts.map((account) => [account._id, account]));
  const today = new Map(bought.map(({ _id, count }) => [_id, count]));
  return known.map(({ _id: id, active, pausedUntil, balance, currency = 'USD' }) => {
    const isActive = !isPaused({ active, pausedUntil }, now);
    const account = accountOf.get(accountId(id));
    const reserved = Object.values(account?.reserved ?? {}).reduce((sum, { price = 0 }) => sum + price, 0);
    return {
      id,
      active: isActive,
      pausedUntil: active && !isActive ? pausedUntil : undefined,
      ...buyerCircuit(circuits, id, now),
      troubles: circuitReports(circuits, id, now),
      answers: answers.get(id) ?? { pings: 0, bids: 0, posts: 0, accepted: 0, faults: [] },
      today: today.get(id) ?? 0,
      prepaid: balance === undefined ? undefined : { left: account?.balance ?? 0, reserved, currency },
    };
  });
}
