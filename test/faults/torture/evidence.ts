import type {
  EntryDocument,
  LeadDocument,
  ReturnDocument,
  SaleDocument,
  UsageDocument,
} from '../../../src/store/documents.js';
import { checkBooks, type BooksCheck } from '../../../src/store/books/checkBooks.js';
import { searchAttributes, LEAD_WORKFLOW } from '../../../src/temporal/names.js';
import { allLeads } from '../../support/market.js';
import { findMarkers } from '../findMarkers.js';
import type { Crowd, KeptReturn } from './buyers.js';
import { PERSON_MARKERS, type PlannedLead } from './leads.js';
import type { Deaths } from './parts.js';
import type { KeptAnswer } from './sources.js';
import type { Stage } from './stage.js';

/** The records that sources and buyers kept during the run. */
export interface Notes {
  /** The leads that were sent. */
  sent: PlannedLead[];
  answers: KeptAnswer[];
  returns: KeptReturn[];
}

/** A lead's workflow in Temporal. */
export interface Life {
  leadId: string;
  status: string;
  /** The lead's status in its search attribute. */
  leadStatus: string;
}

/** All evidence at the end of the run. */
export interface Evidence extends Notes {
  crowd: Crowd;
  deaths: Deaths;
  leads: LeadDocument[];
  sales: SaleDocument[];
  returned: ReturnDocument[];
  ledger: EntryDocument[];
  usage: UsageDocument[];
  books: BooksCheck;
  lives: Life[];
  /** Files with personal data that must not contain any. */
  leaks: string[];
}

export async function gatherEvidence(
  { database, temporal, crowd, deaths, dir }: Stage,
  notes: Notes,
): Promise<Evidence> {
  const lives: Life[] = [];
  for await (const { workflowId, status, typedSearchAttributes } of temporal.workflow.list({
    query: `WorkflowType = '${LEAD_WORKFLOW}'`,
  })) {
    const leadStatus = typedSearchAttributes.get(searchAttributes.status) ?? '';
    lives.push({ leadId: workflowId.replace(/^lead-/, ''), status: status.name, leadStatus });
  }
  return {
    ...notes,
    crowd,
    deaths,
    lives,
    leads: await allLeads(database),
    sales: await database.sales.find().toArray(),
    returned: await database.returns.find().toArray(),
    ledger: await database.ledger.find().toArray(),
    usage: await database.usage.find().toArray(),
    books: await checkBooks(database),
    // Not the database: it contains personal data, encrypted.
    leaks: ['logs', 'temporal', 'counters'].flatMap((name) => findMarkers(`${dir}/${name}`, PERSON_MARKERS)),
  };
}
