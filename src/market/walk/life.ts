import type { PersonHashes } from '../limits/duplicates.js';
import type { LeadInRound } from '../eligibility/eligibility.js';
import type { LeadStatus } from '../model/lead.js';
import type { Minor } from '../money.js';
import type { LeadReason } from '../model/reason.js';
import type { Outcome, Round } from '../model/round.js';
import type { WaitUpdate } from '../waiting/waiting.js';

/** A buyer's hold on a lead, by contract: made before the post is sent. */
export interface Claim {
  sale: string;
  buyer: string;
  round: number;
  status: 'posting' | 'accepted' | 'refused' | 'cancelled' | 'returned';
  price: Minor;
  earns: Minor;
  exclusive: boolean;
  /** UTC ms. */
  at: number;
}

/** A lead and what has become of it so far. Times in UTC ms. */
export interface Life {
  lead: Omit<LeadInRound, 'offered'> & { match: PersonHashes };
  campaign: string;
  status: LeadStatus;
  reason?: LeadReason;
  rounds: { round: Round; outcomes: Outcome[] }[];
  claims: Map<string, Claim>;
  /** Contracts whose sale took the prepaid balance below the threshold of the buyer's notice. */
  low: string[];
  /** What the seller earns, the sum over buyers, and who they are. */
  price: Minor;
  buyers: string[];
  /** The answer to its source, and its time; the source waits until then. */
  answer?: { at: number; status: LeadStatus; price: Minor; buyers: string[] };
  endedAt?: number;
  /** The last status that its seller was notified of. */
  told: LeadStatus;
  /** The end of its wait. */
  dueAt?: number;
  /** It is to go on now, because ops say so or the market has changed. */
  wake: boolean;
  /** Updates since its wait started. */
  news: WaitUpdate;
  withdrawn: boolean;
  /** What ops have found out of posts that are held for them, by buyer: whether it took the lead. */
  words: Map<string, boolean>;
}

export const newLife = (lead: Life['lead'], campaign: string): Life => ({
  lead,
  campaign,
  status: 'received',
  rounds: [],
  claims: new Map(),
  low: [],
  price: 0,
  buyers: [],
  told: 'received',
  wake: false,
  news: { changes: [] },
  withdrawn: false,
  words: new Map(),
});

/** How earlier posts of the lead ended, by contract. */
export const offeredIn = ({ claims }: Life): LeadInRound['offered'] =>
  Object.fromEntries(
    [...claims].flatMap(([contract, { status }]): [string, 'refused' | 'returned' | 'uncertain'][] => {
      if (status === 'refused' || status === 'returned') return [[contract, status]];
      return status === 'cancelled' ? [[contract, 'uncertain']] : [];
    }),
  );

/** Answers the source with the lead's status, unless it was answered before. */
export function answerSource(life: Life, now: number): void {
  const { status, price, buyers } = life;
  life.answer ??= { at: now, status, price, buyers: [...buyers] };
}
