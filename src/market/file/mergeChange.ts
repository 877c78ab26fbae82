import { campaignId, categoryKey } from '../model/market.js';
import { pathText, type Path, type Report } from './fault.js';
import { asText, isMap, LISTS, listOf, type Keys, type MarketKeys } from './keys.js';

export interface Merging {
  /** Entries become exactly what the change says of them, instead of keeping the keys that it does not name. */
  replace?: boolean;
  /** Contracts that the change does not name are removed, and campaigns deactivated. */
  prune?: boolean;
}

/** What a change names, by name and in the order of its text. */
export type Named = Record<'sellers' | 'buyers' | 'campaigns' | 'contracts', string[]>;

/** A market after a change, with the origin of each part. */
export interface MergedMarket {
  market: MarketKeys;
  named: Named;
  originOf: (path: Path) => Origin;
}

/** Where a place of the merged market is in the change. */
export interface Origin {
  /** The place, or the nearest one that the change has. */
  at: Path;
  /** What to call it: `buyers[0].name`, or the name of what the change does not name. */
  text: string;
  /** Whether the value comes from the stored market and not from the change. */
  isStored: boolean;
}

/**
 * Puts a change into a market, as RFC 7396 says for maps: what the change names replaces what is there, `null` removes
 * it, the rest stays. Sellers, buyers, campaigns and contracts are found by their names; one that is not there is added.
 * Any other list is replaced as a whole.
 * @param change has the right shape, but for keys and entries that are undefined
 */
export function mergeChange(
  market: MarketKeys,
  change: Keys,
  { replace = false, prune = false }: Merging,
  report: Report,
): MergedMarket {
  const origins = new Map<string, Path>();
  const named: Named = { sellers: [], buyers: [], campaigns: [], contracts: [] };
  const merged: MarketKeys = {
    sellers: mergeList(market.sellers, change.sellers, {
      from: ['sellers'],
      path: ['sellers'],
      nameOf: textOf('code'),
      key: 'code',
      named: named.sellers,
      merging: (base, seller) => entry(base && withoutMappings(base, seller), seller),
    }),
    buyers: mergeList(market.buyers, change.buyers, {
      from: ['buyers'],
      path: ['buyers'],
      nameOf: textOf('id'),
      key: 'id',
      named: named.buyers,
      merging: (base, buyer) => entry(base && withoutLow(base, buyer), buyer),
    }),
    campaigns: mergeList(market.campaigns, change.campaigns, {
      from: ['campaigns'],
      path: ['campaigns'],
      nameOf: campaignName,
      key: 'category',
      named: named.campaigns,
      merging: campaign,
    }),
  };
  if (prune) merged.campaigns = merged.campaigns.map((one, i) => (isNamed(i) ? one : pruned(one)));
  return { market: merged, named, originOf };

  function isNamed(i: number): boolean {
    return origins.has(keyOf(['campaigns', i]));
  }

  function mergeList(
    base: readonly (Keys | undefined)[],
    changes: unknown,
    { from, path, nameOf, key, named: names, merging }: MergingList,
  ): (Keys | undefined)[] {
    const result = [...base];
    const places = new Map(base.map((map, i) => [map && nameOf(map), i]));
    const first = new Map<string, { i: number; map: Keys }>();
    for (const [i, map] of (Array.isArray(changes) ? (changes as unknown[]) : []).entries()) {
      const at = [...from, i];
      const name = isMap(map) ? nameOf(map) : undefined;
      const before = name === undefined ? undefined : first.get(name);
      if (before && isMap(map)) {
        report([...at, key], taken(key, map, before));
        continue;
      }
      const place = (name === undefined ? undefined : places.get(name)) ?? result.length;
      origins.set(keyOf([...path, place]), at);
      result[place] = isMap(map) ? merging(result[place], map, at, [...path, place]) : undefined;
      if (name === undefined || !isMap(map)) continue;
      first.set(name, { i, map });
      names.push(name);
    }
    return result;
  }

  function campaign(base: Keys | undefined, change: Keys, from: Path, path: Path): Keys {
    const { contracts, ...given } = change;
    const own = campaignName(change) ?? '';
    const isSame = base && categoryKey(asText(base.category)) === categoryKey(asText(given.category));
    // How a category is spelt is no change of it.
    const rest = isSame === true && !replace ? { ...given, category: base.category } : given;
    const nameOf = textOf('buyer');
    const known = listOf(base?.contracts);
    const wanted = new Set(listOf(contracts).map(nameOf));
    const names: string[] = [];
    const kept = prune ? known.filter((contract) => wanted.has(nameOf(contract))) : known;
    const list = mergeList(kept, contracts, {
      from: [...from, 'contracts'],
      path: [...path, 'contracts'],
      nameOf,
      key: 'buyer',
      named: names,
      merging: entry,
    });
    named.contracts.push(...names.map((buyer) => `${own}/${buyer}`));
    return { ...entry(base && fitting(base, rest), rest), contracts: list };
  }

  function entry(base: Keys | undefined, change: Keys): Keys {
    return merge(replace ? {} : (base ?? {}), change);
  }

  function originOf(path: Path): Origin {
    for (const length of [4, 2]) {
      const start = path.slice(0, length);
      if (path.length < length || (length === 4 && path[2] !== 'contracts')) continue;
      const origin = origins.get(keyOf(start));
      if (origin === undefined) return { at: related(path), text: nameIn(merged, path), isStored: true };
      const at = [...origin, ...path.slice(length)];
      const isStored = path.length > length && !has(change, at) && has(merged, path);
      return { at, text: pathText(at), isStored };
    }
    return { at: path, text: pathText(path), isStored: false };
  }

  /** The part of the change that is related to a place that it does not name: the contract's campaign, or its buyer. */
  function related(path: Path): Path {
    const own = origins.get(keyOf(path.slice(0, 2)));
    if (own || path[2] !== 'contracts') return own ?? [];
    const buyer = valueAt(merged, [...path.slice(0, 4), 'buyer']);
    const i = merged.buyers.findIndex((one) => one?.id === buyer);
    return origins.get(keyOf(['buyers', i])) ?? [];
  }
}

/** Merges a change of a map into the map. */
function merge(base: Keys, change: Keys): Keys {
  const result = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) result.delete(key);
    else if (isMap(value)) {
      const was = result.get(key);
      const now = merge(isMap(was) ? was : {}, value);
      // Every key of it was removed.
      if (Object.keys(now).length === 0 && Object.keys(value).length > 0) result.delete(key);
      else result.set(key, now);
    } else result.set(key, value);
  }
  return Object.fromEntries(result);
}

interface MergingList {
  /** The place of the list in the change. */
  from: Path;
  /** Its place in the merged market. */
  path: Path;
  /** Undefined if it can't be read. */
  nameOf: (map: Keys) => string | undefined;
  /** The key that says it, for faults. */
  key: string;
  /** Takes the names. */
  named: string[];
  merging: (base: Keys | undefined, change: Keys, from: Path, path: Path) => Keys;
}

const textOf =
  (key: string) =>
  (map: Keys): string | undefined =>
    typeof map[key] === 'string' ? map[key] : undefined;

function campaignName({ seller, category }: Keys): string | undefined {
  return typeof seller === 'string' && typeof category === 'string'
    ? campaignId(seller, category)
    : undefined;
}

const keyOf = (path: Path): string => path.join('/');

/** A name that an earlier entry of the list has, too. */
function taken(key: string, { [key]: name, seller }: Keys, { i, map }: { i: number; map: Keys }): string {
  const written = asText(name);
  if (key !== 'category') return `"${written}" is taken: entry [${i}] of the list has it already`;
  const before = asText(map.category);
  const why =
    categoryKey(before) === categoryKey(written)
      ? `${asText(seller)} has one campaign a category, and campaigns[${i}] is it already`
      : `makes the same id (${campaignId(asText(seller), written)}) as "${before}" of campaigns[${i}]; choose another name`;
  return `"${written}": ${why}`;
}

const pruned = (campaign: Keys | undefined): Keys | undefined =>
  campaign && { ...campaign, active: false, contracts: [] };

/** A campaign without what the change makes meaningless. */
function fitting(base: Keys, { sale, fields, margin }: Keys): Keys {
  const isOtherMargin = isMap(margin) && Object.values(margin).some((value) => value !== null);
  const kept = { ...base, ...withoutForm(base.sale, sale), ...withoutTypes(base.fields, fields) };
  return isOtherMargin ? { ...kept, margin: {} } : kept;
}

/** A field that a change maps again keeps nothing of its former mapping. */
function withoutMappings(base: Keys, { sources: changed }: Keys): Keys {
  if (!isMap(base.sources) || !isMap(changed)) return base;
  const sources = Object.entries(base.sources).map(([name, source]): [string, unknown] => {
    const fields = valueAt(changed, [name, 'inbound', 'fields']);
    const known = valueAt(source, ['inbound', 'fields']);
    if (!isMap(source) || !isMap(source.inbound) || !isMap(fields) || !isMap(known)) return [name, source];
    const kept = Object.entries(known).filter(([field]) => !isMap(fields[field]));
    return [name, { ...source, inbound: { ...source.inbound, fields: Object.fromEntries(kept) } }];
  });
  return { ...base, sources: Object.fromEntries(sources) };
}

/** Without a balance there is no currency of it, and no low one; without a low one there is no notice of it. */
function withoutLow(base: Keys, { balance, lowBalance }: Keys): Keys {
  const kept = new Map(Object.entries(base));
  if (balance === null) for (const key of ['currency', 'lowBalance']) kept.delete(key);
  if ((balance === null || lowBalance === null) && isMap(base.notices)) {
    const { events } = base.notices;
    const others = Array.isArray(events) ? events.filter((event) => event !== 'low_balance') : [];
    if (others.length === 0) kept.delete('notices');
    else kept.set('notices', { ...base.notices, events: others });
  }
  return Object.fromEntries(kept);
}

/** Another way of selling does without what belonged to the one before. */
function withoutForm(sale: unknown, change: unknown): Keys {
  if (!isMap(sale) || !isMap(change) || change.mode === undefined || change.mode === sale.mode) return {};
  const kept = Object.entries(sale).filter(([key]) => key !== 'maxBuyers' && key !== 'sharedFloor');
  return { sale: Object.fromEntries(kept) };
}

/** A field of another type does without what belonged to the one before. */
function withoutTypes(fields: unknown, change: unknown): Keys {
  if (!isMap(fields) || !isMap(change)) return {};
  const kept = Object.entries(fields).map(([name, declaration]) => {
    const now = Object.hasOwn(change, name) ? change[name] : undefined;
    const isOther =
      isMap(declaration) && isMap(now) && now.type !== undefined && now.type !== declaration.type;
    return [name, isOther ? {} : declaration];
  });
  return { fields: Object.fromEntries(kept) as Keys };
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return (inner as unknown[])[Number(step)];
    return isMap(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);
}

const has = (value: unknown, path: Path): boolean => {
  const map = valueAt(value, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  return Array.isArray(map) ? Number(last) < map.length : isMap(map) && Object.hasOwn(map, last);
};

/** `contract ACME1234/auto-insurance/northwind price` */
function nameIn(market: MarketKeys, path: Path): string {
  const [first, i, key, j] = path;
  const called = (what: string, from: number): string => [what, pathText(path.slice(from))].join(' ').trim();
  const list = LISTS.find((one) => one === first);
  const found = (list && market[list][Number(i)]) ?? {};
  if (list === 'sellers') return called(`seller ${asText(found.code)}`, 2);
  if (list === 'buyers') return called(`buyer ${asText(found.id)}`, 2);
  const contract = key === 'contracts' ? listOf(found.contracts)[Number(j)] : undefined;
  const campaign = campaignName(found) ?? '';
  if (!contract) return called(`campaign ${campaign}`, 2);
  return called(`contract ${campaign}/${asText(contract.buyer)}`, 4);
}
