import { conclude } from '../src/market/auction/decide.js';
import {
  roundInWords,
  type Before,
  type BookedSale,
  type ReturnedSale,
} from '../src/market/wording/story.js';
import type { Database } from '../src/store/db.js';
import { findStoredLead, UnknownLeadError } from '../src/store/leads/leads.js';
import type { Claim } from '../src/store/documents.js';
import { returnsOf } from '../src/store/books/returns.js';
import { readRounds } from '../src/store/leads/rounds.js';

/** As many rounds as the workflow tells in full (workflows/story.ts). */
const TOLD = { first: 5, last: 20 };

/** The outcome of a lead so far, for a workflow run that does not know it. It is recorded in the history. */
export async function beforeOf(database: Database, leadId: string): Promise<Before> {
  const lead = await findStoredLead(database, leadId);
  if (lead === null) throw new UnknownLeadError(leadId);
  const { rounds } = await readRounds(database, lead, TOLD);
  const returns = await returnsOf(database, lead);
  return {
    rounds: rounds.map(({ round, answers }) => roundInWords(round, conclude(round, answers))),
    lastRound: rounds.at(-1)?.round.number ?? 0,
    sales: Object.values(lead.claims)
      .filter(({ status }) => status === 'accepted')
      .map(bookedSale),
    returns: returns.flatMap(({ contract, reason, at, amount, inOwnWords }): ReturnedSale[] => {
      const claim = lead.claims[contract];
      if (claim === undefined) return [];
      const said = inOwnWords === true ? 'in its own words' : reason;
      return [{ ...bookedSale(claim), reason: said, at: at.getTime(), amount }];
    }),
    currency: lead.currency,
  };
}

const bookedSale = ({ buyer, price, earns, round }: Claim): BookedSale => ({ buyer, price, earns, round });
