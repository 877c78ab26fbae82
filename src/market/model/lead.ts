/** `received` → `pending` → `sold`, `expired` or `withdrawn`; `sold` → `returned` when every buyer has given it back. */
export type LeadStatus = 'received' | 'pending' | 'sold' | 'returned' | 'expired' | 'withdrawn';

/** What ends a lead, until a buyer gives it back and it goes on sale again. */
export type EndStatus = Exclude<LeadStatus, 'received' | 'pending'>;

const ENDS = ['sold', 'returned', 'expired', 'withdrawn'] as const satisfies readonly EndStatus[];

export const ENDED: readonly LeadStatus[] = ENDS;

export const isEnd = (state: string | undefined): state is EndStatus =>
  ENDS.some((status) => status === state);

/**
 * What the workflow may know of a lead: ids and facts that name no person. It is kept in Temporal's histories, which
 * are not erased with the person, so names, phones, e-mails and custom fields never enter it.
 */
export interface LeadFacts {
  leadId: string;
  /** The seller's code, e.g. `ACME1234`. */
  seller: string;
  /** The campaign's category as the seller writes it, e.g. `Auto Insurance`. */
  category: string;
  /** Two-letter code, where the campaign asks for one. */
  state?: string;
  /** UTC ms. */
  receivedAt: number;
  test: boolean;
  /** How many rounds were held before a buyer gave it back and it went on sale again; absent in its first life. */
  roundsBefore?: number;
  /** When its source is answered, UTC ms; absent where nobody waits for it. */
  answerBy?: number;
}
