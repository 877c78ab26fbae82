import { setTimeout as sleep } from 'node:timers/promises';
import { ENDED } from '../../src/market/model/lead.js';
import { toDecimal } from '../../src/market/money.js';
import { checkBooks } from '../../src/store/books/checkBooks.js';
import type { Database } from '../../src/store/db.js';
import type { Reply } from './source.js';

/** The stored leads compared with the answers to their senders. */
export interface Kept {
  /** Number of stored leads, and of sold ones. */
  stored: number;
  sold: number;
  /** Answered as accepted and not stored. */
  lost: number;
  /** Stored without an accepting answer. */
  unheard: number;
  /** Neither sold nor ended. */
  open: number;
  /** Sold to two buyers. */
  soldTwice: number;
  /** Answered as sold, but not sold or at another price. */
  untrue: number;
  /** Inconsistencies in the books. */
  differences: number;
}

/** Compares every answer with the database. A lead without an answer may be stored or not. */
export async function keptOf(database: Database, answers: Reply[]): Promise<Kept> {
  const leads = await database.leads.find({}, { projection: { status: 1, price: 1, currency: 1 } }).toArray();
  const sales = await database.sales.find({}, { projection: { lead: 1 } }).toArray();
  const byId = new Map(leads.map((lead) => [lead._id, lead]));
  const taken = answers.flatMap(({ leadId, ...answer }) =>
    leadId === undefined ? [] : [{ ...answer, lead: byId.get(leadId) }],
  );
  const unanswered = answers.filter(({ status }) => status === 0).length;
  const isTrue = ({ lead, price }: (typeof taken)[number]): boolean =>
    lead?.status === 'sold' && toDecimal(lead.price ?? 0, lead.currency) === price;
  return {
    stored: leads.length,
    sold: leads.filter(({ status }) => status === 'sold').length,
    lost: taken.filter(({ lead }) => lead === undefined).length,
    unheard: Math.max(0, leads.length - taken.length - unanswered),
    open: leads.filter(({ status }) => !ENDED.includes(status)).length,
    soldTwice: sales.length - new Set(sales.map(({ lead }) => lead)).size,
    untrue: taken.filter((answer) => answer.sold === true && !isTrue(answer)).length,
    differences: (await checkBooks(database)).differences.length,
  };
}

const LOOK_EVERY_MS = 250;

/** How leads stand after a wait. */
export interface Settled {
  /** Duration of the wait. */
  seconds: number;
  /** Leads that have not ended. */
  open: number;
}

interface Wait {
  /** When to give up, s; by default longer than it takes to sell the backlog of a flood. */
  withinS?: number;
  /** Leads received before this time (`Date.now()`) don't count. */
  since?: number;
}

/** Waits until every lead has ended. Never rejects: a database that does not answer is asked again. */
export async function untilSettled(
  { leads }: Database,
  { withinS = 600, since = 0 }: Wait = {},
): Promise<Settled> {
  const began = performance.now();
  const isOpen = { _id: { $gte: firstIdAt(since) }, status: { $nin: [...ENDED] } };
  let open = NaN;
  for (;;) {
    const askedAt = performance.now();
    open = await leads.countDocuments(isOpen).catch(() => open);
    const now = performance.now();
    const seconds = (now - began) / 1000;
    if (open === 0 || seconds > withinS) return { seconds, open };
    // The database reads all leads to count them: counting must not take its time from selling.
    await sleep(Math.max(LOOK_EVERY_MS, 20 * (now - askedAt)));
  }
}

/** Ids of leads begin with the time in hexadecimal (UUID version 7). */
function firstIdAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
