import type {
  EntryDocument,
  LeadDocument,
  ReturnDocument,
  SaleDocument,
  UsageDocument,
} from '../../../src/store/documents.js';
import { checkBooks, type BooksCheck } from '../../../src/store/books/checkBooks.js';
import { searchAttributes, WORKFLOW } from '../../../src/temporal/names.js';
import { allLeads } from '../../support/market.js';
import { findMarkers } from '../findMarkers.js';
import type { Crowd, KeptReturn } from './buyers.js';
import { PERSON_MARKERS, type PlannedLead } from './leads.js';
import type { Deaths } from './parts.js';
import type { KeptAnswer } from './sources.js';
import type { Stage } from './stage.js';

/** What those outside have written down while it ran. */
export interface Notes {
  /** The leads that were sent. */
  sent: PlannedLead[];
  answers: KeptAnswer[];
  returns: KeptReturn[];
}

/** A life in Temporal. */
export interface Life {
  leadId: string;
  status: string;
  /** What its search attribute says of the lead. */
  leadStatus: string;
}

/** Everything that is known when all is over. */
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
  /** Files in which a person stands who should not. */
  leaks: string[];
}

export async function gatherEvidence(
  { database, temporal, crowd, deaths, dir }: Stage,
  notes: Notes,
): Promise<Evidence> {
  const lives: Life[] = [];
  for await (const { workflowId, status, typedSearchAttributes } of temporal.workflow.list({
    query: `WorkflowType = '${WORKFLOW}'`,
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
    // Not the database: it has the persons, encrypted.
    leaks: ['logs', 'temporal', 'counters'].flatMap((name) => findMarkers(`${dir}/${name}`, PERSON_MARKERS)),
  };
}
