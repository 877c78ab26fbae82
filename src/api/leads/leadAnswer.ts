import type { Static } from 'typebox';
import type { FieldFault } from '../../market/fields/standardFields.js';
import { toDecimal } from '../../market/money.js';
import { statusView } from '../../market/model/statusView.js';
import type { LeadSummary } from '../../store/leads/leads.js';
import type { OutcomeAnswer } from '../../market/model/lead.js';
import type { LeadAnswer, LeadView } from '../schemas.js';

/** The body of the response for an accepted lead. */
export type Answer = Static<typeof LeadAnswer>;

/** The response for a new lead. Without an outcome in time it is `pending`. */
export function newLeadAnswer(lead: LeadSummary, outcome: OutcomeAnswer | undefined): Answer {
  // A suppressed lead has ended at once.
  if (lead.status !== 'received') return storedLeadAnswer(lead);
  return {
    success: true,
    lead_id: lead._id,
    ...statusView({ currency: lead.currency, status: 'pending', ...outcome }),
    promised_price: promisedPrice(lead),
  };
}

/** The response for a stored lead. */
export function storedLeadAnswer(lead: LeadSummary): Answer {
  return { success: true, lead_id: lead._id, ...statusView(lead), promised_price: promisedPrice(lead) };
}

const promisedPrice = ({ promise, currency }: Pick<LeadSummary, 'promise' | 'currency'>) =>
  promise && toDecimal(promise.price, currency);

/** Adds warnings about fields, if there are any. */
export const withWarnings = (answer: Answer, warnings: FieldFault[]): Answer =>
  warnings.length === 0 ? answer : { ...answer, warnings };

export function leadView(lead: LeadSummary): Static<typeof LeadView> {
  return {
    ...storedLeadAnswer(lead),
    created_at: lead.receivedAt.toISOString(),
    updated_at: lead.updatedAt.toISOString(),
  };
}
