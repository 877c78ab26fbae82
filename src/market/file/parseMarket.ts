import type { Market } from '../model/market.js';
import { changeMarket, EMPTY, readMarketFile, type UrlRefusal } from './changeMarket.js';
import type { Fault } from './fault.js';

/** Reads a market file that is a whole market. Whatever the text, it is a market or faults, never an exception. */
export function parseMarket(text: string, urlRefusal?: UrlRefusal): { market: Market } | { faults: Fault[] } {
  const result = changeMarket(readMarketFile(text), EMPTY, { urlRefusal });
  return 'changed' in result ? { market: result.changed.terms } : result;
}
