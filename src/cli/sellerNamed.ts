import type { Database } from '../store/db.js';
import { findSeller, type SellerWithSecret } from '../store/market.js';
import { CommandFailed } from './commandFailed.js';

/** The seller that a person means by a code or a slug. */
export async function sellerNamed(database: Database, codeOrSlug: string): Promise<SellerWithSecret> {
  const seller = await findSeller(database, codeOrSlug);
  if (seller !== undefined) return seller;
  throw new CommandFailed(
    `The store has no seller "${codeOrSlug}"; \`gavel apply FILE\` with one under sellers makes it.`,
  );
}
