import { minorDigits } from '../money.js';
import { buildMarket } from './buildMarket.js';
import { campaignId, type Market } from '../model/market.js';
import { PartOfMarket } from './changeSchema.js';
import { checkMarket, type Context } from './marketChecks.js';
import { checkUrls } from './checkUrls.js';
import { readDocument } from './document.js';
import { isDraft, isOf } from './draft.js';
import { byPosition, pathText, type Fault, type Path, type Position, type Report } from './fault.js';
import { asText, isMap, isMoney, type Keys, type MarketKeys } from './keys.js';
import { marketInFile } from './marketInFile.js';
import { mergeChange, type MergedMarket, type Merging, type Named } from './mergeChange.js';
import { ModelInFile, takeModels, type Modelled } from './models.js';
import { nearest, similarCategory } from '../nearest.js';
import { MarketInFile } from './schema.js';
import { checkShape } from './shape.js';

/** A market file as it was read: any part of a market. */
export interface MarketFile {
  value: unknown;
  locate: (path: Path, at?: 'key' | 'value') => Position;
  /** The faults of its text. If the text can't be parsed, there is no value. */
  faults: Fault[];
}

/** Reads the text of a market file. It never throws. */
export function readMarketFile(text: string): MarketFile {
  const document = readDocument(text);
  return 'value' in document ? document : { value: undefined, locate: START, faults: document.faults };
}

/** A market file that a program made. */
export const marketFileOf = (value: MarketInFile | Keys): MarketFile => ({
  value,
  locate: START,
  faults: [],
});

const START = (): Position => ({ line: 1, column: 1 });

/** Why the settings do not allow an address. */
export type UrlRefusal = (url: string) => string | undefined;

export interface Changing extends Merging {
  urlRefusal?: UrlRefusal;
  /** Whether a new campaign must have contracts: without any there is nothing to decide. */
  needsContracts?: boolean;
}

/** A market with a file merged into it. */
export interface ChangedMarket {
  /** The whole market, including the parts that the file does not name. */
  terms: Market;
  named: Named;
  /** Bid models, which the file may have for `gavel simulate`. */
  models: Modelled[];
  /** Locates a path in the file, for faults that only the database can find. */
  placeOf: (path: Path) => Pick<Fault, 'line' | 'column' | 'path'>;
}

/** A market before its first file. */
export const EMPTY: Market = { sellers: [], buyers: [], campaigns: [], contracts: [] };

/**
 * Merges a market file into a market (see `mergeChange`) and checks the result as a whole. `gavel apply` and `gavel
 * simulate` share this. The result is a changed market, or all faults of the file.
 */
export function changeMarket(
  file: MarketFile,
  before: Market,
  { urlRefusal = () => undefined, needsContracts = false, ...merging }: Changing = {},
): { changed: ChangedMarket } | { faults: Fault[] } {
  const { value, locate } = file;
  const faults = [...file.faults];
  const report: Report = (path, message, at) => {
    faults.push({ ...locate(path, at), path: pathText(path), message });
  };
  const read = readPart(file, report);
  if (!read) return { faults };
  const { part, models } = read;
  checkUrls(part, urlRefusal, [], report);

  const base = asKeys(before);
  const merged = mergeChange(base, part, merging, report);
  const placeOf = (path: Path, at?: 'key' | 'value'): Pick<Fault, 'line' | 'column' | 'path'> => {
    const origin = merged.originOf(path);
    return {
      ...locate(origin.at, at),
      path: origin.isStored ? `${origin.text} (in the market)` : origin.text,
    };
  };
  const known = onceOnly(() => faultsOfMarket(base));
  const isStored = (path: Path): boolean => merged.originOf(path).isStored;
  const reportMerged: Report = (path, message, at) => {
    // Rules may have become stricter since the market was stored. That is not a fault of this file.
    if (isStored(path) && known().has(faultKey(path, message))) return;
    if (message.startsWith(MISSING) && isUnnamed(path, merged, base)) return;
    faults.push({ ...placeOf(path, at), message: message + newNameHint(path, message, merged, base) });
  };
  checkWhole(merged.market, reportMerged, { isStored, unreadable: unreadableIn(value, part) });
  checkCurrencies(merged, before, reportMerged);
  if (needsContracts) checkNewCampaigns(merged, before, reportMerged);

  const { market, named } = merged;
  if (faults.length === 0 && isOf(MarketInFile, market))
    return { changed: { terms: buildMarket(market), named, models, placeOf } };
  if (faults.length === 0) throw new Error(`The checks of a market file missed a fault in ${typeof value}`);
  return { faults: distinct(faults).sort(byPosition) };
}

/** The faults of a file by itself, regardless of the market. */
export function faultsOfFile(file: MarketFile): Fault[] {
  const faults = [...file.faults];
  readPart(file, (path, message, at) => {
    faults.push({ ...file.locate(path, at), path: pathText(path), message });
  });
  return faults.sort(byPosition);
}

/** The parts of the file with the right shape; undefined if there is nothing to merge. */
function readPart({ value }: MarketFile, report: Report): { part: Keys; models: Modelled[] } | undefined {
  if (value === undefined) return undefined;
  if (value === null) report([], 'is empty; name sellers, buyers or campaigns');
  const { change, models } = isMap(value) ? takeModels(value) : { change: value, models: [] };
  for (const { path, model } of models) checkShape(ModelInFile, model, [...path, 'model'], report);
  const part = value === null ? undefined : checkShape(PartOfMarket, change, [], report);
  return isMap(part) ? { part, models } : undefined;
}

/** Checks a market in which some values may be undefined because they are already reported. */
function checkWhole(market: MarketKeys, report: Report, context: Context): void {
  const draft = checkShape(MarketInFile, market, [], report);
  if (isDraft(MarketInFile, draft)) checkMarket(draft, report, context);
}

/** Names that are faults. */
function unreadableIn(value: unknown, part: Keys): Context['unreadable'] {
  const of = (list: 'sellers' | 'buyers', name: string): unknown[] => {
    const written: unknown = isMap(value) ? value[list] : undefined;
    const read: unknown = part[list];
    if (!Array.isArray(read) || !Array.isArray(written)) return [];
    return read.flatMap((entry: unknown, i): unknown[] => {
      const own: unknown = written[i];
      return isMap(entry) && entry[name] !== undefined ? [] : [isMap(own) ? own[name] : undefined];
    });
  };
  return { sellers: of('sellers', 'code'), buyers: of('buyers', 'id') };
}

function faultsOfMarket(market: MarketKeys): Set<string> {
  const found = new Set<string>();
  const add: Report = (path, message) => void found.add(faultKey(path, message));
  checkWhole(market, add, { isStored: () => true, unreadable: { sellers: [], buyers: [] } });
  return found;
}

const faultKey = (path: Path, message: string): string => `${pathText(path)} ${message}`;

function onceOnly<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const MISSING = 'is missing';

/** Whether the path is of a seller or buyer without a readable name, which may exist in the market. */
function isUnnamed([list, i, key]: Path, { market }: MergedMarket, base: MarketKeys): boolean {
  if (key === undefined || (list !== 'sellers' && list !== 'buyers') || base[list].length === 0) return false;
  const name = list === 'sellers' ? 'code' : 'id';
  return key !== name && market[list][Number(i)]?.[name] === undefined;
}

/** A new name with missing keys may be a mistyped existing name. */
function newNameHint(
  [list, i, key]: Path,
  message: string,
  { market }: MergedMarket,
  base: MarketKeys,
): string {
  if (key === undefined || !message.startsWith(MISSING) || (list !== 'sellers' && list !== 'buyers'))
    return '';
  const [what, name] = list === 'sellers' ? (['seller', 'code'] as const) : (['buyer', 'id'] as const);
  const own = market[list][Number(i)]?.[name];
  const known = base[list].map((entry) => asText(entry?.[name]));
  if (typeof own !== 'string' || known.includes(own)) return '';
  const meant = nearest(own, known);
  return meant === undefined ? '' : ` (the market has no ${what} "${own}"; did you mean ${meant}?)`;
}

/**
 * Reports a change of currency unless the file names every amount: other amounts would be taken for amounts of the
 * new currency.
 */
function checkCurrencies({ market, originOf }: MergedMarket, before: Market, report: Report): void {
  const campaigns = new Map(before.campaigns.map(({ id, currency }) => [id, currency]));
  const buyers = new Map(
    before.buyers.flatMap(({ id, currency }) => (currency ? [[id, currency] as const] : [])),
  );
  const check = (path: Path, entry: Keys, was: string | undefined) => {
    const { currency = 'USD' } = entry;
    if (was === undefined || typeof currency !== 'string' || currency === was) return;
    const left = amountsIn(entry, path).filter(({ path: at }) => originOf(at).isStored);
    const [first] = left;
    if (!first) return;
    const { text } = originOf(first.path);
    const more = left.length === 1 ? '' : ` (and there are ${left.length - 1} more)`;
    const amount = first.amount.toFixed(minorDigits(was));
    report(
      [...path, 'currency'],
      `can't become ${currency}: ${text} is ${amount} ${was}${more}; name each amount in ${currency} in this file`,
    );
  };
  for (const [i, campaign] of market.campaigns.entries()) {
    if (!campaign) continue;
    const id = campaignId(asText(campaign.seller), asText(campaign.category));
    check(['campaigns', i], campaign, campaigns.get(id));
  }
  for (const [i, buyer] of market.buyers.entries()) {
    if (buyer && 'balance' in buyer) check(['buyers', i], buyer, buyers.get(asText(buyer.id)));
  }
}

/** Amounts above zero, by their places. */
function amountsIn(value: unknown, path: Path): { path: Path; amount: number }[] {
  if (typeof value === 'number') {
    const keys = path.filter((step) => typeof step === 'string').join('.');
    return value > 0 && isMoney(keys) ? [{ path, amount: value }] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => amountsIn(item, [...path, i]));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => amountsIn(item, [...path, key]));
}

/** Reports new campaigns without contracts: each is probably a mistyped existing one. */
function checkNewCampaigns({ market }: MergedMarket, before: Market, report: Report): void {
  const known = new Set(before.campaigns.map(({ id }) => id));
  for (const [i, campaign] of market.campaigns.entries()) {
    const { seller, category, contracts } = campaign ?? {};
    if (typeof seller !== 'string' || typeof category !== 'string' || known.has(campaignId(seller, category)))
      continue;
    if (Array.isArray(contracts) && contracts.length > 0) continue;
    const own = before.campaigns.filter((one) => one.seller === seller).map((one) => one.category);
    // The seller itself is reported.
    if (!before.sellers.some(({ code }) => code === seller)) continue;
    const meant = similarCategory(category, own);
    const listed = own.length === 0 ? 'it has none.' : `its categories are ${own.join(', ')}.`;
    const hint = meant === undefined ? listed : `did you mean ${meant}?`;
    report(
      ['campaigns', i, 'category'],
      `${seller} has no campaign "${category}"; ${hint} A new campaign needs contracts`,
    );
  }
}

/** Reading a value and merging it may find the same fault. */
const distinct = (faults: readonly Fault[]): Fault[] => [
  ...new Map(
    faults.map((fault) => [`${fault.line}:${fault.column} ${fault.path} ${fault.message}`, fault]),
  ).values(),
];

/** A market by its keys. Derived defaults are left out, so that they are derived again after the merge. */
function asKeys(market: Market): MarketKeys {
  const { sellers = [], buyers = [], campaigns = [] } = marketInFile(market);
  const own = campaigns.map(({ contracts = [], ...campaign }) => ({
    ...campaign,
    contracts: contracts.map(({ timezone, ...contract }) =>
      timezone === (contract.schedule?.timezone ?? 'UTC') ? contract : { ...contract, timezone },
    ),
  }));
  return { sellers, buyers, campaigns: own };
}
