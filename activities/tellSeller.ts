import { sendPostback } from '../src/buyers/postback.js';
import { sourceReferences } from '../src/buyers/sourceReferences.js';
import { postbackId } from '../src/market/ids.js';
import type { LeadStatus } from '../src/market/model/lead.js';
import { metrics } from '../src/metrics.js';
import { findLead, noteNotification } from '../src/store/leads/leads.js';
import { findSeller } from '../src/store/market/storedTerms.js';
import type { Deps } from './deps.js';
import { undelivered } from './undelivered.js';

export interface Postback {
  leadId: string;
  status: Exclude<LeadStatus, 'received'>;
  /** The last round before the change; 0 if there was none. */
  round: number;
  /** Which of the seller's addresses, from 0: the address itself may hold a secret, and stays out of histories. */
  address: number;
}

/**
 * Notifies one address of the seller of the lead's new status. An obsolete status is not sent.
 * @throws ApplicationFailure until the postback is delivered: retried by Temporal, except after a clear refusal
 */
export const tellSeller =
  ({ database, send, log }: Deps) =>
  async ({
    leadId,
    status,
    round,
    address,
  }: Postback): Promise<'notified' | 'overtaken' | 'not asked for'> => {
    const lead = await findLead(database, leadId);
    if (lead?.status !== status) return 'overtaken';
    const seller = await findSeller(database, lead.seller);
    const url = seller?.postbacks[address];
    if (seller === undefined || url === undefined) return 'not asked for';
    const { secret } = seller;
    const returns = Object.values(lead.claims).filter((claim) => claim.status === 'returned').length;
    const id = postbackId({ leadId, status, round, url, returns });
    const change = { ...lead, status, references: sourceReferences(lead) };
    const delivery = await sendPostback(send, { url, secret }, id, change);
    const { delivered, detail, ms } = delivery;
    metrics.notificationAttempt(ms, { kind: 'postback', delivered: String(delivered) });
    const about = { lead_id: leadId, seller: seller.code, status, address };
    log.info({ ...about, event: 'postback', delivered, detail, ms });
    const whom = `address ${address + 1}`;
    const attempt = { at: new Date(), what: `postback: ${status}`, whom, heard: delivered, detail, ms };
    await noteNotification(database, leadId, attempt);
    if (!delivery.delivered) throw undelivered(`${seller.code}, ${whom},`, delivery);
    return 'notified';
  };
