import type { Buyer } from '../market/terms.js';
import type { Database } from '../store/db.js';
import { findBuyer } from '../store/market.js';
import { CommandFailed } from './commandFailed.js';

/** The buyer that a person means by its id. */
export async function buyerNamed(database: Database, id: string): Promise<Buyer> {
  const buyer = await findBuyer(database, id);
  if (buyer !== undefined) return buyer;
  throw new CommandFailed(
    `The store has no buyer "${id}"; \`gavel apply FILE\` with one under buyers makes it.`,
  );
}
