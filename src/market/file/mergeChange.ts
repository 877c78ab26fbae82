import { campaignId } from './build.js';
import { pathText, type Path, type Report } from './fault.js';
import { isMap, listOf, type Keys, type MarketKeys } from './keys.js';

/** A market with a change in it, and where in the change each of its parts comes from. */
export interface MergedMarket {
  market: MarketKeys;
  /** The same place in the change; undefined where the change does not name it. */
  originOf: (path: Path) => Path | undefined;
  /** `buyer northwind`, for a part that the change does not name. */
  nameOf: (path: Path) => string;
}

const nameIn =
  (key: string) =>
  (map: Keys): string =>
    String(map[key]);

const campaignName = ({ seller, category }: Keys): string => campaignId(String(seller), String(category));

/**
 * Puts a change into a market, as RFC 7396 says for maps: what the change names replaces what is there, nothing (`null`)
 * takes it away, the rest stays. Sellers, buyers, campaigns and contracts are found by their names; one that is not there
 * is added. Any other list is replaced as a whole. Reports what can't be taken away or is named twice.
 */
export function mergeChange(market: MarketKeys, change: Keys, report: Report): MergedMarket {
  const origins = new Map<string, Path>();
  const lists = { sellers: nameIn('code'), buyers: nameIn('id'), campaigns: campaignName };
  const merged = { ...market };
  for (const list of ['sellers', 'buyers', 'campaigns'] as const) {
    const merging = list === 'campaigns' ? campaign : merge;
    merged[list] = mergeList([list], [list], market[list], change[list], lists[list], merging);
  }
  return { market: merged, originOf, nameOf: (path) => nameOf(merged, path) };

  function mergeList(
    path: Path,
    from: Path,
    base: Keys[],
    changes: unknown,
    nameOf: (map: Keys) => string,
    merging: (base: Keys, change: Keys, from: Path, path: Path) => Keys,
  ): Keys[] {
    const result = [...base];
    const places = new Map(base.map((map, i) => [nameOf(map), i]));
    const seen = new Set<string>();
    for (const [i, map] of listOf(changes).entries()) {
      const name = nameOf(map);
      if (seen.has(name)) report([...from, i], `${name} is named twice in this list; name it once`);
      seen.add(name);
      const place = places.get(name) ?? result.length;
      origins.set(keyOf([...path, place]), [...from, i]);
      result[place] = merging(result[place] ?? {}, map, [...from, i], [...path, place]);
      places.set(name, place);
    }
    return result;
  }

  function campaign(base: Keys, { contracts, ...rest }: Keys, from: Path, path: Path): Keys {
    const known = listOf(base.contracts);
    const there = [...path, 'contracts'];
    return {
      ...merge(
        { ...base, ...withoutForm(base.sale, rest.sale), ...withoutTypes(base.fields, rest.fields) },
        rest,
        from,
      ),
      contracts: mergeList(there, [...from, 'contracts'], known, contracts, nameIn('buyer'), merge),
    };
  }

  function merge(base: Keys, change: Keys, from: Path): Keys {
    const result = new Map(Object.entries(base));
    for (const [key, value] of Object.entries(change)) {
      const was = result.get(key);
      if (value === null) {
        if (was === undefined) report([...from, key], 'is not there, so it can’t be taken away', 'key');
        result.delete(key);
      } else if (isMap(value)) {
        result.set(key, merge(isMap(was) ? was : {}, value, [...from, key]));
      } else result.set(key, value);
    }
    return Object.fromEntries(result);
  }

  function originOf(path: Path): Path | undefined {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(keyOf(path.slice(0, length)));
      if (origin) return [...origin, ...path.slice(length)];
      // What is in a list of names and was not named there is not in the change.
      if (typeof path[length - 1] === 'number' && isNamed(path.slice(0, length))) return undefined;
    }
    return path;
  }
}

/** Whether the path is of an entry that is found by its name. */
const isNamed = (path: Path): boolean => path.length === 2 || (path.length === 4 && path[2] === 'contracts');

const keyOf = (path: Path): string => path.join('/');

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

/** `contract ACME1234/auto-insurance/northwind price` */
function nameOf(market: MarketKeys, path: Path): string {
  const [list, i, key, j] = path;
  const told = (what: string, from: number): string => [what, pathText(path.slice(from))].join(' ').trim();
  const found =
    list === 'sellers' || list === 'buyers' || list === 'campaigns' ? market[list][Number(i)] : {};
  if (list === 'sellers') return told(`seller ${String(found?.code)}`, 2);
  if (list === 'buyers') return told(`buyer ${String(found?.id)}`, 2);
  const contract = key === 'contracts' ? listOf(found?.contracts)[Number(j)] : undefined;
  if (!found || !contract) return told(`campaign ${campaignName(found ?? {})}`, 2);
  return told(`contract ${campaignName(found)}/${String(contract.buyer)}`, 4);
}
