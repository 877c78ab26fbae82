import { sendNotice } from '../src/buyers/notice.js';
import { metrics } from '../src/metrics.js';
import { buyersWithAnswerFaults, readAnswers, type AnswerCounts } from '../src/store/fairness/answers.js';
import { findBuyer } from '../src/store/market/storedTerms.js';
import type { Deps } from './deps.js';
import { undelivered } from './undelivered.js';

const DAY_MS = 86_400_000;
/** As many notices as a workflow may have under way at the same time, with some to spare. */
const BATCH = 1000;

/** A day of UTC: `2026-11-28`. */
type Day = string;

const hoursOf = (day: Day): { from: Date; to: Date } => {
  const from = new Date(`${day}T00:00:00Z`);
  return { from, to: new Date(from.getTime() + DAY_MS) };
};

/** One batch of the buyers that a day's digest goes to; `next` is where the following batch begins, if there is one. */
export const dueDigests =
  ({ database }: Pick<Deps, 'database'>) =>
  async ({ day, after = '' }: { day: Day; after?: string }): Promise<{ buyers: string[]; next?: string }> => {
    const asking = await database.buyers
      .find({ 'notices.events': 'digest', _id: { $gt: after } })
      .project<{ _id: string }>({ _id: 1 })
      .sort({ _id: 1 })
      .limit(BATCH)
      .toArray();
    const ids = asking.map(({ _id }) => _id);
    const buyers = await buyersWithAnswerFaults(database, ids, hoursOf(day));
    return { buyers, next: ids.length === BATCH ? ids.at(-1) : undefined };
  };

/**
 * Sends a buyer the digest of a day: how many of its answers to live leads could not be used, by reason.
 * @throws ApplicationFailure until it is delivered, for Temporal to try again, or not after a clear no
 */
export const sendDigest =
  ({ database, send, log }: Deps) =>
  async ({ buyer: id, day }: { buyer: string; day: Day }): Promise<'sent' | 'not asked for'> => {
    const buyer = await findBuyer(database, id);
    if (buyer?.notices?.events.includes('digest') !== true) return 'not asked for';
    const answers = await readAnswers(database, { ...hoursOf(day), test: false, buyers: [id] });
    const payload = payloadOf(day, answers.get(id));
    if (payload === undefined) return 'not asked for';
    const { url, timeoutMs } = buyer.notices;
    const message = { url, timeoutMs, secret: buyer.secret, id: `${id}.${day}.digest`, payload };
    const delivery = await sendNotice(send, message);
    const { delivered, detail, ms } = delivery;
    metrics.notificationAttempt(ms, { kind: 'digest', delivered: String(delivered) });
    log.info({ buyer: id, event: 'notice', kind: 'digest', day, delivered, detail, ms });
    if (!delivery.delivered) throw undelivered(id, delivery);
    return 'sent';
  };

/** The digest as the buyer reads it (docs/buyer.md); undefined if there is nothing to say. */
function payloadOf(day: Day, answers: AnswerCounts | undefined): object | undefined {
  const { pings, bids, posts, accepted, faults = [] } = answers ?? {};
  const unused = faults
    .filter(({ reason }) => reason !== 'no_by_status')
    .map(({ of, reason, count, last }) => ({
      of: of === 'pings' ? 'ping' : 'post',
      reason,
      count,
      detail: last.detail,
      latest_at: last.at.toISOString(),
      [of === 'pings' ? 'ping_id' : 'post_id']: last.id,
    }));
  if (unused.length === 0) return undefined;
  return { type: 'digest', day, pings, bids, posts, accepted, unused };
}
