import type { BidModel } from '../model/distributions.js';
import type { Market } from '../model/market.js';
import { changeMarket, readMarketFile } from './changeMarket.js';
import { byPosition, pathText, type Fault, type Report } from './fault.js';
import type { Named } from './mergeChange.js';
import { readModels } from './models.js';

/** A market with a change made in it, to decide leads by. */
export interface SimulatedMarket {
  terms: Market;
  named: Named;
  /** By contract. */
  models: ReadonlyMap<string, BidModel>;
}

/**
 * Reads a change for `gavel simulate`: a market file that is merged as `gavel apply` does, with bid models for contracts
 * whose buyers were not asked. Whatever the text, it is a changed market or faults, never an exception.
 */
export function parseChange(
  text: string,
  market: Market,
): { changed: SimulatedMarket } | { faults: Fault[] } {
  const file = readMarketFile(text);
  const result = changeMarket(file, market, { needsContracts: true });
  if (!('changed' in result)) return result;
  const { terms, named, models, placeOf } = result.changed;
  const faults: Fault[] = [];

  const was = new Map(market.campaigns.map(({ id, currency }) => [id, currency]));
  for (const [i, { id, currency }] of terms.campaigns.entries()) {
    const before = was.get(id) ?? currency;
    if (before !== currency)
      faults.push({
        ...placeOf(['campaigns', i, 'currency']),
        message: `can't change: the bids that were made are in ${before}`,
      });
  }
  const balances = new Map(market.buyers.map(({ id, currency }) => [id, currency]));
  for (const [i, { id, currency }] of terms.buyers.entries()) {
    const before = balances.get(id);
    if (before !== undefined && currency !== undefined && before !== currency)
      faults.push({
        ...placeOf(['buyers', i, 'currency']),
        message: `can't change: the payments that were made are in ${before}`,
      });
  }
  const report: Report = (path, message, at) => {
    faults.push({ ...file.locate(path, at), path: pathText(path), message });
  };
  const changed = { terms, named, models: readModels(models, terms, market, report) };
  return faults.length > 0 ? { faults: faults.sort(byPosition) } : { changed };
}
