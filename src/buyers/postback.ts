import type { FieldValue } from '../market/fields/reading.js';
import type { LeadStatus } from '../market/model/lead.js';
import { statusView, type StatusFields } from '../market/model/statusView.js';
import { sendNotice, type Delivery } from './notice.js';
import type { Secret, Send } from './send.js';

/** How long a seller's server may take to answer, ms. */
const TIMEOUT_MS = 10_000;

/** A seller's address and the secret that signs its postbacks. */
export interface PostbackAddress {
  url: string;
  secret: Secret;
}

/** The content of a postback; without personal data. */
export interface ToldLead extends StatusFields {
  _id: string;
  test: boolean;
  receivedAt: Date;
  updatedAt: Date;
  /** The source's own references of the lead, by field name. */
  references: Record<string, FieldValue>;
}

/** Notifies one address of a seller that a lead's status has changed. */
export async function sendPostback(
  send: Send,
  to: PostbackAddress,
  id: string,
  lead: ToldLead & { status: Exclude<LeadStatus, 'received'> },
): Promise<Delivery> {
  const { price, buyer_ids, reason, withdrawn_by, returns } = statusView(lead);
  const payload = {
    type: `lead.${lead.status}`,
    lead_id: lead._id,
    status: lead.status,
    price,
    currency: lead.currency,
    buyer_ids,
    reason,
    withdrawn_by,
    returns,
    test: lead.test,
    ...lead.references,
    created_at: lead.receivedAt.toISOString(),
    updated_at: lead.updatedAt.toISOString(),
  };
  return sendNotice(send, { ...to, timeoutMs: TIMEOUT_MS, id, payload });
}

/** Tests an address of a seller with a postback that is about no lead. */
export async function sendTestPostback(send: Send, to: PostbackAddress, id: string): Promise<Delivery> {
  const payload = { type: 'test', created_at: new Date().toISOString() };
  return sendNotice(send, { ...to, timeoutMs: TIMEOUT_MS, id, payload });
}
