import { LRUCache } from 'lru-cache';
import type { InsertedLead } from './leads.js';

/** A lead that waits longer for its first round is read again: it may have been withdrawn meanwhile, ms. */
const KEPT_MS = 2000;

/** Leads that an API has just stored, for the first round of a worker in the same process, which need not read them. */
export interface NewLeads {
  add(lead: InsertedLead): void;
  /** Undefined if another process stored the lead, or if it was taken before. */
  take(leadId: string): InsertedLead | undefined;
}

export function openNewLeads(): NewLeads {
  const leads = new LRUCache<string, { lead: InsertedLead; until: number }>({ max: 1000 });
  return {
    add: (lead) => void leads.set(lead._id, { lead, until: Date.now() + KEPT_MS }),
    take: (leadId) => {
      const kept = leads.get(leadId);
      leads.delete(leadId);
      return kept !== undefined && Date.now() <= kept.until ? kept.lead : undefined;
    },
  };
}
