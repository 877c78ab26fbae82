import type { Static } from 'typebox';
import type { LeadStatus } from '../market/lead.js';
import { toDecimal } from '../market/money.js';
import type { StoredLead } from '../store/person.js';
import type { OutcomeAnswer } from '../temporal/names.js';
import type { LeadAnswer, LeadView } from './schemas.js';

type Answer = Static<typeof LeadAnswer>;

/** Between its receipt and its first round a lead is `pending` for the source: accepted, and not sold. */
const shownStatus = (status: LeadStatus): Answer['status'] => (status === 'received' ? 'pending' : status);

/** What the source is told of a new lead; without an outcome in time it is `pending`, which is true: it is stored. */
export function newLeadAnswer(lead: StoredLead, outcome: OutcomeAnswer | undefined): Answer {
  // One that may not be sold has ended before it began.
  if (lead.status !== 'received') return storedLeadAnswer(lead);
  return {
    success: true,
    lead_id: lead._id,
    ...leadOutcome({ currency: lead.currency, status: 'pending', ...outcome }),
  };
}

/** What the source is told of a lead that is stored. */
export function storedLeadAnswer(lead: StoredLead): Answer {
  return { success: true, lead_id: lead._id, ...leadOutcome(lead) };
}

export function leadView(lead: StoredLead): Static<typeof LeadView> {
  return {
    ...storedLeadAnswer(lead),
    created_at: lead.receivedAt.toISOString(),
    updated_at: lead.updatedAt.toISOString(),
  };
}

type Outcome = Pick<StoredLead, 'status' | 'currency' | 'price' | 'buyerIds' | 'reason'>;

function leadOutcome({ status, currency, price, buyerIds, reason }: Outcome) {
  if (status !== 'sold') return { status: shownStatus(status), reason };
  return {
    status: shownStatus(status),
    price: price === undefined ? undefined : toDecimal(price, currency),
    buyer_ids: buyerIds,
  };
}
