import Value from 'typebox/value';
import { assumptionsOf, type Assumption, type Place } from './assumptions.js';
import { buildTerms, type Terms } from './build.js';
import { checkMarket } from './checks.js';
import { checkUrls } from './checkUrls.js';
import { readDocument } from './document.js';
import { isDraft } from './draft.js';
import { byPosition, pathText, type Fault, type Path, type Report } from './fault.js';
import { MarketInFile } from './schema.js';
import { checkShape } from './shape.js';

/** A market file without a fault of its own; whether its assumptions hold, the store knows. */
export interface Market extends Terms {
  assumptions: Assumption[];
}

/** Every fault of the file at once, in the order of its text. */
export interface FaultyMarket {
  faults: Fault[];
  /** What could be read of the file takes this for granted; see `unmet`. */
  assumptions: Assumption[];
}

/** Why an address would never be spoken to, where the settings say so. */
export type UrlRefusal = (url: string) => string | undefined;

/**
 * Reads a market file. Whatever the text, it is a market or faults, never an exception.
 * `unmet(assumptions, rest)` then finds what is wrong between the file and the rest of the market.
 */
export function parseMarket(
  text: string,
  urlRefusal: UrlRefusal = () => undefined,
): { market: Market } | FaultyMarket {
  const document = readDocument(text);
  if (!('value' in document)) return { faults: document.faults, assumptions: [] };
  const { value, locate } = document;
  const place: Locate = (path, at) => ({ ...locate(path, at), path: pathText(path) });
  return checkedMarket(value, place, document.faults, urlRefusal);
}

/** Where a path of a value is, for whoever reads of a fault there. */
export type Locate = (path: Path, at?: 'key' | 'value') => Place;

/** The same for a value that has been read already, with the faults that were found in reading it. */
export function checkedMarket(
  value: unknown,
  locate: Locate,
  found: readonly Fault[],
  urlRefusal: UrlRefusal = () => undefined,
): { market: Market } | FaultyMarket {
  const faults = [...found];
  const report: Report = (path, message, at) => {
    faults.push({ ...locate(path, at), message });
  };

  const draft = value === null ? undefined : checkShape(MarketInFile, value, [], report);
  if (value === null) report([], 'is empty; name sellers, buyers or campaigns');
  let assumptions: Assumption[] = [];
  if (isDraft(MarketInFile, draft)) {
    checkMarket(draft, report);
    checkUrls(draft, urlRefusal, [], report);
    assumptions = assumptionsOf(draft, locate);
  }

  if (faults.length === 0 && Value.Check(MarketInFile, value)) {
    return { market: { ...buildTerms(value), assumptions } };
  }
  return { faults: faults.sort(byPosition), assumptions };
}
