import type { Seller } from '../market/terms.js';
import type { Database } from '../store/db.js';
import { findSeller } from '../store/market.js';
import { CommandFailed } from './commandFailed.js';

/** The seller that a person means by a code or a slug. */
export async function sellerNamed(database: Database, codeOrSlug: string): Promise<Seller> {
  const seller = await findSeller(database, codeOrSlug);
  if (seller !== undefined) return seller;
  throw new CommandFailed(
    `The store has no seller "${codeOrSlug}"; \`gavel apply FILE\` with one under sellers makes it.`,
  );
}
