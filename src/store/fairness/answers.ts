import { CHANNELS, type Channel } from '../../market/limits/circuitBreaker.js';
import type { Database } from '../db.js';
import type { AnswersDocument, AnswerFault, AnswerFaults } from '../documents.js';

/** One answer of a buyer. `id`: of the ping or post. */
export interface BuyerAnswer {
  buyer: string;
  of: Channel;
  test: boolean;
  id: string;
  at: Date;
  /** A bid, or an accepted post. */
  isYes: boolean;
  /** Why it is unusable. */
  fault?: { reason: AnswerFault; detail?: string };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FLUSH_MS = 2000;
/** Long enough for a digest that is days late. */
const KEPT_MS = 8 * DAY_MS;

interface Tally {
  counted: Map<string, AnswersDocument>;
  timer?: NodeJS.Timeout;
}
const tallies = new WeakMap<Database, Tally>();

/** Counts an answer. The count is written within seconds. */
export function countAnswer(database: Database, answer: BuyerAnswer): void {
  const tally = tallies.get(database) ?? { counted: new Map<string, AnswersDocument>() };
  tallies.set(database, tally);
  const { buyer, of, test, id, at, isYes, fault } = answer;
  const hour = new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
  const _id = `${buyer}/${hour.toISOString().slice(0, 13)}${test ? '/test' : ''}`;
  const counts = tally.counted.get(_id) ?? { _id, buyer, hour, test };
  tally.counted.set(_id, counts);
  const yes = of === 'pings' ? 'bids' : 'accepted';
  counts[of] = (counts[of] ?? 0) + 1;
  if (isYes) counts[yes] = (counts[yes] ?? 0) + 1;
  if (fault !== undefined) {
    const faults = ((counts.slips ??= {})[of] ??= {});
    const { count = 0 } = faults[fault.reason] ?? {};
    faults[fault.reason] = { count: count + 1, last: { at, id, detail: fault.detail } };
  }
  tally.timer ??= setTimeout(() => {
    tally.timer = undefined;
    void flushAnswers(database).catch(() => undefined);
  }, FLUSH_MS).unref();
}

/** Writes the counts since the last call; a worker does so when it stops. Counts that can't be written are lost. */
export async function flushAnswers(database: Database): Promise<void> {
  const tally = tallies.get(database);
  const counted = [...(tally?.counted.values() ?? [])];
  tally?.counted.clear();
  if (counted.length === 0) return;
  await database.client.bulkWrite<Record<string, AnswersDocument>>(
    counted.map((counts) => ({
      name: 'updateOne',
      namespace: `${database.db.databaseName}.answers`,
      filter: { _id: counts._id },
      update: addition(counts),
      upsert: true,
    })),
  );
}

function addition({ buyer, hour, test, pings, bids, posts, accepted, slips: faults = {} }: AnswersDocument) {
  const each = CHANNELS.flatMap((of) =>
    Object.entries(faults[of] ?? {}).map(([reason, fault]) => ({ path: `slips.${of}.${reason}`, ...fault })),
  );
  const counts = Object.entries({ pings, bids, posts, accepted }).filter(([, by]) => by !== undefined);
  return {
    $set: { buyer, hour, test, ...Object.fromEntries(each.map(({ path, last }) => [`${path}.last`, last])) },
    $inc: {
      ...Object.fromEntries(counts),
      ...Object.fromEntries(each.map(({ path, count }) => [`${path}.count`, count])),
    },
  };
}

/** Removes old counts; returns the number of hours. */
export async function pruneAnswers({ answers }: Database, now: number): Promise<number> {
  const { deletedCount } = await answers.deleteMany({ hour: { $lt: new Date(now - KEPT_MS) } });
  return deletedCount;
}

export interface AnswerCounts {
  pings: number;
  bids: number;
  posts: number;
  accepted: number;
  faults: (AnswerFaults & { of: Channel; reason: AnswerFault })[];
}

/**
 * The number of answers in whole hours, by buyer.
 * @param which `test`: of test leads or of live leads only; absent: of both
 */
export async function readAnswers(
  { answers }: Database,
  { from, to, test, buyers }: { from: Date; to: Date; test?: boolean; buyers?: readonly string[] },
): Promise<Map<string, AnswerCounts>> {
  const found = await answers
    .find({ hour: { $gte: from, $lt: to }, test, buyer: buyers && { $in: buyers } })
    .sort({ hour: 1 })
    .toArray();
  const ids = new Set(found.map((one) => one.buyer));
  return new Map([...ids].map((id) => [id, together(found.filter((one) => one.buyer === id))]));
}

/** @param hours earliest first */
function together(hours: readonly AnswersDocument[]): AnswerCounts {
  const sum = (key: 'pings' | 'bids' | 'posts' | 'accepted'): number =>
    hours.reduce((all, { [key]: count = 0 }) => all + count, 0);
  const faults = new Map<string, AnswerCounts['faults'][number]>();
  for (const { slips: inHour = {} } of hours)
    for (const of of CHANNELS)
      for (const [reason, { count, last }] of Object.entries(inHour[of] ?? {})) {
        const before = faults.get(`${of} ${reason}`)?.count ?? 0;
        faults.set(`${of} ${reason}`, { of, reason: reason as AnswerFault, count: before + count, last });
      }
  return {
    pings: sum('pings'),
    bids: sum('bids'),
    posts: sum('posts'),
    accepted: sum('accepted'),
    faults: [...faults.values()].toSorted((a, b) => b.count - a.count),
  };
}

/** The given buyers with unusable answers to live leads in a period. */
export async function buyersWithAnswerFaults(
  database: Database,
  buyers: readonly string[],
  time: { from: Date; to: Date },
): Promise<string[]> {
  const answers = await readAnswers(database, { ...time, test: false, buyers });
  return buyers.filter((id) => answers.get(id)?.faults.some(({ reason }) => reason !== 'no_by_status'));
}

/** The last 24 hours, including the present one. */
export async function answersOfLastDay(database: Database, now: number): Promise<Map<string, AnswerCounts>> {
  const next = new Date((Math.floor(now / HOUR_MS) + 1) * HOUR_MS);
  return readAnswers(database, { from: new Date(next.getTime() - DAY_MS), to: next });
}
