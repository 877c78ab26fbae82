import type { Buyer } from '../../market/terms.js';
import type { Database } from '../../store/db.js';
import { findBuyer, findSeller, type SellerWithSecret } from '../../store/market.js';
import { ApiError } from '../apiError.js';

/** The seller that a person means by a code or a slug. */
export const sellerNamed = async (database: Database, codeOrSlug: string): Promise<SellerWithSecret> =>
  found(await findSeller(database, codeOrSlug), 'seller', codeOrSlug);

/** The buyer that a person means by its id. */
export const buyerNamed = async (database: Database, id: string): Promise<Buyer> =>
  found(await findBuyer(database, id), 'buyer', id);

function found<T>(one: T | undefined, kind: 'seller' | 'buyer', named: string): T {
  if (one !== undefined) return one;
  throw new ApiError(
    'notFound',
    `The store has no ${kind} "${named}"; \`gavel apply FILE\` with one under ${kind}s makes it.`,
  );
}
