/** `received` → `pending` → `sold`, `expired` or `withdrawn`; `sold` → `returned` when every buyer has returned it. */
export type LeadStatus = 'received' | 'pending' | 'sold' | 'returned' | 'expired' | 'withdrawn';

/** The final statuses. A return can put a lead on sale again. */
export type EndStatus = Exclude<LeadStatus, 'received' | 'pending'>;

const ENDS = ['sold', 'returned', 'expired', 'withdrawn'] as const satisfies readonly EndStatus[];

export const ENDED: readonly LeadStatus[] = ENDS;

export const isEnd = (state: string | undefined): state is EndStatus =>
  ENDS.some((status) => status === state);

/**
 * The data of a lead that its workflow may have: ids and facts that identify no person. Temporal's histories keep it
 * and are not erased with the person, so names, phones, e-mails and custom fields must never enter it.
 */
export interface LeadFacts {
  leadId: string;
  /** The seller's code, e.g. `ACME1234`. */
  seller: string;
  /** The campaign's category as the seller writes it, e.g. `Auto Insurance`. */
  category: string;
  /** Two-letter code, if the campaign requires one. */
  state?: string;
  /** UTC ms. */
  receivedAt: number;
  test: boolean;
  /** The number of rounds before a return put it on sale again; absent before the first return. */
  roundsBefore?: number;
  /** Deadline for the answer to its source, UTC ms; absent if no source is waiting. */
  answerBy?: number;
  /** Id of the API process that expects the outcome of the first round; absent if none does. */
  answerTo?: string;
}

/** The early answer. `price` is what the seller earns, minor units, the sum over buyers. */
export interface OutcomeAnswer {
  status: LeadStatus;
  price?: number;
  currency?: string;
  buyerIds?: string[];
  /** Where a buyer wants the person to be sent. */
  redirectUrl?: string;
}

/** The data of a ping that its workflow may have. */
export interface PingFacts {
  pingId: string;
  /** The seller's code. */
  seller: string;
  category: string;
  test: boolean;
  /** Deadline for the answer to its source, UTC ms, and the API process that it waits in. */
  answerBy: number;
  answerTo: string;
}
