import type { Buyer } from '../../market/terms.js';
import type { Database } from '../../store/db.js';
import { findBuyer, findSeller, type SellerWithSecret } from '../../store/market.js';
import { ApiError } from '../apiError.js';

/** The seller that a person means by a code or a slug. */
export async function sellerNamed(database: Database, codeOrSlug: string): Promise<SellerWithSecret> {
  const seller = await findSeller(database, codeOrSlug);
  if (seller !== undefined) return seller;
  throw new ApiError(
    'notFound',
    `The store has no seller "${codeOrSlug}"; \`gavel apply FILE\` with one under sellers makes it.`,
  );
}

/** The buyer that a person means by its id. */
export async function buyerNamed(database: Database, id: string): Promise<Buyer> {
  const buyer = await findBuyer(database, id);
  if (buyer !== undefined) return buyer;
  throw new ApiError(
    'notFound',
    `The store has no buyer "${id}"; \`gavel apply FILE\` with one under buyers makes it.`,
  );
}
