import type { Static } from 'typebox';
import type { FieldFault } from '../../market/fields/standardFields.js';
import { statusView } from '../../market/model/statusView.js';
import type { LeadSummary } from '../../store/leads/leads.js';
import type { OutcomeAnswer } from '../../temporal/names.js';
import type { LeadAnswer, LeadView } from '../schemas.js';

type Answer = Static<typeof LeadAnswer>;

/** What the source is told of a new lead; without an outcome in time it is `pending`, which is true: it is stored. */
export function newLeadAnswer(lead: LeadSummary, outcome: OutcomeAnswer | undefined): Answer {
  // One that may not be sold has ended before it began.
  if (lead.status !== 'received') return storedLeadAnswer(lead);
  return {
    success: true,
    lead_id: lead._id,
    ...statusView({ currency: lead.currency, status: 'pending', ...outcome }),
  };
}

/** What the source is told of a lead that is stored. */
export function storedLeadAnswer(lead: LeadSummary): Answer {
  return { success: true, lead_id: lead._id, ...statusView(lead) };
}

/** With what the source should know of its fields, if there is anything. */
export const withWarnings = (answer: Answer, warnings: FieldFault[]): Answer =>
  warnings.length === 0 ? answer : { ...answer, warnings };

export function leadView(lead: LeadSummary): Static<typeof LeadView> {
  return {
    ...storedLeadAnswer(lead),
    created_at: lead.receivedAt.toISOString(),
    updated_at: lead.updatedAt.toISOString(),
  };
}
