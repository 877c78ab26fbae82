import type { Market } from '../../src/market/model/market.js';
import { changeMarket, EMPTY, readMarketFile, type UrlRefusal } from '../../src/market/file/changeMarket.js';
import type { Fault } from '../../src/market/file/fault.js';

/** Reads a market file that is a whole market. Whatever the text, it is a market or faults, never an exception. */
export function parseMarket(text: string, urlRefusal?: UrlRefusal): { market: Market } | { faults: Fault[] } {
  const result = changeMarket(readMarketFile(text), EMPTY, { urlRefusal });
  return 'changed' in result ? { market: result.changed.terms } : result;
}
