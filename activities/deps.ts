import type { Outlets } from '../src/buyers/outlets/outlets.js';
import type { Send } from '../src/buyers/send.js';
import type { Log } from '../src/log.js';
import type { Circuit } from '../src/market/limits/circuitBreaker.js';
import type { OutcomeAnswer } from '../src/market/model/lead.js';
import type { Database } from '../src/store/db.js';
import type { LeadDocument } from '../src/store/documents.js';
import type { NewLeads } from '../src/store/leads/newLeads.js';
import type { StoredTerms } from '../src/store/market/storedTerms.js';

/** What the steps need from the world; the worker provides it, a test its own. */
export interface Deps {
  database: Database;
  /** Leads that an API in this process has just stored; absent if there is none. */
  newLeads?: NewLeads;
  /** A campaign with its contracts and buyers, at most 2 s old. */
  terms: (campaign: string) => Promise<StoredTerms | undefined>;
  /** The circuits of buyers that fail, at most 2 s old. */
  circuits: () => Promise<ReadonlyMap<string, Circuit>>;
  send: Send;
  /** Delivers leads to buyers that have no server for posts. */
  outlets: Outlets;
  /** Tells the API process whose source waits for a lead that its first round begins; never throws. */
  started?: (lead: Pick<LeadDocument, '_id' | 'receivedAt'>, answerTo: string) => void;
  /**
   * Sends the outcome of a lead's first round to the API process whose source waits for it; never throws. Absent if no
   * source waits.
   */
  announce?: (leadId: string, answerTo: string | undefined, outcome: OutcomeAnswer) => void;
  log: Log;
}
