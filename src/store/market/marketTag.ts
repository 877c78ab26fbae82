import { createHash } from 'node:crypto';
import type { MarketInFile } from '../../market/file/schema.js';

/**
 * Names a state of the market: the same terms have the same tag. Whoever changes the market can say by it which state
 * the change is meant for. As an ETag it stands in quotes (RFC 9110, 8.8.3).
 */
export const marketTag = (market: MarketInFile): string =>
  createHash('sha256').update(JSON.stringify(market)).digest('hex').slice(0, 32);
