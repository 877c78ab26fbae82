import type { BidModel } from '../whatIf/model.js';
import { NOTHING, unmet } from './assumptions.js';
import type { Terms } from './build.js';
import { ChangeInFile } from './changeSchema.js';
import { readDocument } from './document.js';
import { byPosition, pathText, type Fault, type Path, type Report } from './fault.js';
import { isMap, type MarketKeys } from './keys.js';
import { marketInFile } from './marketInFile.js';
import { mergeChange, type MergedMarket } from './mergeChange.js';
import { readModels, takeModels } from './models.js';
import { checkedMarket, type Locate } from './parseMarket.js';
import { checkShape } from './shape.js';

/** A market with a change made in it. */
export interface ChangedMarket {
  terms: Terms;
  /** By contract. */
  models: ReadonlyMap<string, BidModel>;
}

/**
 * Reads a change: a part of a market file that is merged onto the market (see `mergeChange`), with bid models for
 * contracts whose buyers nobody has asked. The result is held against the same rules as a market file. Whatever the text,
 * it is a changed market or faults, never an exception.
 */
export function parseChange(text: string, market: Terms): { changed: ChangedMarket } | { faults: Fault[] } {
  const document = readDocument(text);
  if (!('value' in document)) return document;
  const { value, locate } = document;
  const faults = [...document.faults];
  const report: Report = (path, message, at) => {
    faults.push({ ...locate(path, at), path: pathText(path), message });
  };
  if (isMap(value)) checkShape(ChangeInFile, withoutNothing(value), [], report);
  else report([], 'is no change; name what is to change under sellers, buyers or campaigns');
  if (!isMap(value) || faults.length > 0) return { faults: faults.sort(byPosition) };

  const { change, models } = takeModels(value);
  const merged = mergeChange(asKeys(market), change, report);
  const result = checkedMarket(merged.market, locateIn(merged, locate), faults);
  if (!('market' in result)) return result;
  const { assumptions, ...terms } = result.market;
  // The whole market is in it: what it does not name, nobody has.
  const unknown = unmet(assumptions, NOTHING);
  if (unknown.length > 0) return { faults: unknown.sort(byPosition) };

  const was = new Map(market.campaigns.map(({ id, currency }) => [id, currency]));
  for (const [i, { id, currency }] of terms.campaigns.entries()) {
    const before = was.get(id) ?? currency;
    const path = merged.originOf(['campaigns', i, 'currency']);
    if (path && before !== currency) report(path, `can’t change: what was bid is in ${before}`);
  }
  const balances = new Map(market.buyers.map(({ id, currency }) => [id, currency]));
  for (const [i, { id, currency }] of terms.buyers.entries()) {
    const before = balances.get(id);
    if (before === undefined || currency === undefined || before === currency) continue;
    const path = merged.originOf(['buyers', i, 'currency']);
    if (path) report(path, `can’t change: what was paid in is in ${before}`);
  }
  const changed = { terms, models: readModels(models, terms, market, report) };
  return faults.length > 0 ? { faults: faults.sort(byPosition) } : { changed };
}

/** Keys with nothing in them take something away; they have no shape. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNothing(item)]));
}

/** Finds a place of the merged market in the change; what the change does not name is told by its name instead. */
function locateIn(
  { originOf, nameOf }: MergedMarket,
  locate: (path: Path, at?: 'key' | 'value') => { line: number; column: number },
): Locate {
  return (path, at) => {
    const origin = originOf(path);
    return { ...locate(origin ?? [], at), path: origin ? pathText(origin) : nameOf(path) };
  };
}

function asKeys(market: Terms): MarketKeys {
  const { sellers = [], buyers = [], campaigns = [] } = marketInFile(market);
  return { sellers, buyers, campaigns };
}
