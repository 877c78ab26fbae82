import { readLeadDetails, type LeadDetails } from '../../../src/operations/leads/leadDetails.js';
import { textOf } from '../../../src/market/fields/standardFields.js';
import { toDecimal } from '../../../src/market/money.js';
import type { FinishedLead } from '../../../src/market/wording/story.js';
import type { Database } from '../../../src/store/db.js';
import type { Received } from '../../support/buyer.js';
import type { Run } from './runScenario.js';

/** The results of a scenario: for the source, the buyers, the ledger and ops. */
export interface Results {
  leads: Map<
    string,
    { answer: object; story: LeadDetails; result: FinishedLead | undefined; personal: string[] }
  >;
  /** The requests to each server. */
  received: Map<string, Received[]>;
  books: { account: string; amount: number }[];
  /** Buyers with a protocol of their own. */
  ownProtocols: string[];
}

export async function collectResults({ database }: { database: Database }, run: Run): Promise<Results> {
  const leads: Results['leads'] = new Map();
  for (const [name, { document, answer, result }] of run.leads) {
    const story = await readLeadDetails(database, document._id, { personal: false });
    if (!story || !answer) throw new Error(`The lead ${name} is not in the store.`);
    const personal = ['firstName', 'lastName', 'phone', 'email'].flatMap(
      (field) => textOf(document.fields, field) ?? [],
    );
    leads.set(name, { answer, story, result, personal });
  }
  const own = await database.buyers.find({ protocol: { $exists: true } }).toArray();
  const ofContracts = await database.contracts.find({ protocol: { $exists: true } }).toArray();
  const entries = await database.ledger.find().toArray();
  return {
    leads,
    received: new Map([...run.servers].map(([id, { received }]) => [id, received])),
    ownProtocols: [...own.map(({ _id }) => _id), ...ofContracts.map(({ buyer }) => buyer)],
    books: entries.map(({ account, amount, currency }) => ({ account, amount: toDecimal(amount, currency) })),
  };
}
