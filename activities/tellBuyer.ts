import { sendNotice } from '../src/buyers/notice.js';
import { toDecimal } from '../src/market/money.js';
import type { Notice } from '../src/market/wording/notices.js';
import { metrics } from '../src/metrics.js';
import { accountId } from '../src/store/sales/capacity.js';
import { findStoredLead, noteNotification } from '../src/store/leads/leads.js';
import { findBuyer, type BuyerWithSecret } from '../src/store/market/storedTerms.js';
import type { StoredLead } from '../src/store/documents.js';
import type { Deps } from './deps.js';
import { undelivered } from './undelivered.js';

export interface BuyerNotice {
  leadId: string;
  round: number;
  notice: Notice;
}

/**
 * Notifies a buyer of its part in a round, if it wants the notice.
 * @throws ApplicationFailure until the notice is delivered: retried by Temporal, except after a clear refusal
 */
export const tellBuyer =
  (deps: Deps) =>
  async ({ leadId, round, notice }: BuyerNotice): Promise<'notified' | 'not asked for'> => {
    const { database, send, log } = deps;
    const { kind, contract } = notice;
    const buyer = await findBuyer(database, notice.buyer);
    if (buyer?.notices?.events.includes(kind) !== true) return 'not asked for';
    const lead = await findStoredLead(database, leadId);
    if (lead?.sandbox !== undefined) return 'not asked for';
    const payload = lead && (await payloadOf(deps, lead, buyer, round, notice));
    if (!payload) return 'not asked for';
    const { url, timeoutMs } = buyer.notices;
    const id = `${idAbout(lead, notice, round)}.${kind}`;
    const delivery = await sendNotice(send, { url, timeoutMs, secret: buyer.secret, id, payload });
    const { delivered, detail, ms } = delivery;
    metrics.notificationAttempt(ms, { kind, delivered: String(delivered) });
    log.info({ lead_id: leadId, round, contract, event: 'notice', kind, delivered, detail, ms });
    const attempt = { at: new Date(), what: `notice: ${kind}`, whom: buyer.id, heard: delivered, detail, ms };
    await noteNotification(database, leadId, attempt);
    if (!delivery.delivered) throw undelivered(buyer.id, delivery);
    return 'notified';
  };

/** The ping or post that a notice is about, or the lead and round of which the buyer was left out. */
function idAbout({ _id, claims }: StoredLead, notice: Notice, round: number): string | undefined {
  if (notice.kind === 'unused') return notice.of === 'lead' ? `${_id}.${round}` : notice.id;
  return notice.kind === 'lost' ? notice.pingId : claims[notice.contract]?.postId;
}

/** The notice as the buyer reads it (docs/buyer.md); undefined if the notice is obsolete. */
async function payloadOf(
  { database }: Deps,
  { _id: lead_id, claims, currency, test }: StoredLead,
  buyer: BuyerWithSecret,
  round: number,
  notice: Notice,
): Promise<object | undefined> {
  const { kind } = notice;
  if (notice.kind === 'lost') {
    const { pingId: ping_id, bidId: bid_id, reason, detail, band: cleared } = notice;
    return { type: kind, ping_id, bid_id, round, reason, detail, cleared, currency, test };
  }
  if (notice.kind === 'unused') {
    const { reason, detail } = notice;
    const post = notice.of === 'post' ? { post_id: notice.id } : {};
    const about = notice.of === 'ping' ? { ping_id: notice.id } : { ...post, lead_id };
    return { type: kind, ...about, round, reason, detail, test };
  }
  const claim = claims[notice.contract];
  if (claim === undefined) return undefined;
  const price = toDecimal(claim.price, currency);
  if (notice.kind === 'won') return { type: kind, post_id: claim.postId, lead_id, price, currency, test };
  const account =
    buyer.balance === undefined ? null : await database.usage.findOne({ _id: accountId(buyer.id) });
  const left = account?.balance;
  const balance = left === undefined ? undefined : toDecimal(left, currency);
  if (notice.kind === 'billed')
    return { type: kind, sale_id: claim.postId, lead_id, price, currency, balance };
  // Topped up meanwhile: there is nothing to tell any more.
  if (left === undefined || buyer.lowBalance === undefined || left >= buyer.lowBalance) return undefined;
  return { type: kind, balance, below: toDecimal(buyer.lowBalance, currency), currency };
}
