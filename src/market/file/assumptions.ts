import type { Filter } from '../filters.js';
import { campaignId } from './build.js';
import type { MarketDraft } from './checks.js';
import { DEFAULTS } from './defaults.js';
import { pathText, type Fault, type Path, type Position } from './fault.js';
import { declaredIn, type Declared } from './fieldValues.js';
import { checkFilter } from './filterValues.js';
import { nearest } from './nearest.js';

/** Where an assumption is made, for the fault that it becomes where it does not hold. */
export type Place = Position & { path: string };

/**
 * What a market file takes for granted of the part of the market that it does not name: the store knows whether it is
 * so. `seller`, `buyer`: somebody names it (`defined` are those that the file does define, to find what was meant), and
 * the contract that names the buyer has no price where `asked`. `slug`: a seller has it, so no other may.
 * `no_ping`: a buyer has none, so no contract may leave its price to a bid. `currency`: a campaign's, which its prices
 * are in. `balance`: what a prepaid buyer's balance is in. `fields`: what a campaign declares, which the filters of its
 * contracts must fit.
 */
export type Assumption = Place &
  (
    | { kind: 'seller'; code: string; defined: string[] }
    | { kind: 'buyer'; id: string; asked: boolean; defined: string[] }
    | { kind: 'slug'; slug: string; code: string }
    | { kind: 'no_ping'; buyer: string }
    | { kind: 'currency'; campaign: string; currency: string }
    | { kind: 'balance'; buyer: string; currency: string }
    | { kind: 'fields'; campaign: string; declared: Declared }
  );

/** The part of the market that a file does not name and that stays. */
export interface Rest {
  /** Slug by code. */
  sellers: ReadonlyMap<string, string>;
  /** Whether the buyer has a ping, by id. */
  buyers: ReadonlyMap<string, boolean>;
  /** Of campaigns and buyers that the file does name, too. */
  contracts: readonly {
    id: string;
    campaign: string;
    buyer: string;
    hasPrice: boolean;
    filters?: readonly Filter[];
  }[];
  /** Currency by campaign, also of those that the file names: what it was so far. */
  currencies: ReadonlyMap<string, string>;
  /** Campaigns and buyers, also of those that the file names, that can't have another currency than so far. */
  bound: Bound;
}

/** What binds a currency, and what to do instead. */
const BINDING = {
  sales:
    'the campaign has sales; sell in the new currency under another category, and set this campaign to active: false',
  'open leads':
    'the campaign has open leads; withdraw them or wait until they have ended, or sell in the new currency under another category',
  'posts under way': 'posts are under way; apply the file again when they are settled',
  payments: 'the buyer has paid in; give the new balance to a buyer with another id',
  balance: 'the buyer has a balance; give the new balance to a buyer with another id',
} as const;

/** A currency that can't be changed, and what binds it. */
export interface BoundCurrency {
  currency: string;
  by: keyof typeof BINDING;
}

export type Bound = Record<'campaigns' | 'buyers', ReadonlyMap<string, BoundCurrency>>;

export const NOTHING_BOUND: Bound = { campaigns: new Map(), buyers: new Map() };

/** For a file that must be complete in itself. */
export const NOTHING: Rest = {
  sellers: new Map(),
  buyers: new Map(),
  contracts: [],
  currencies: new Map(),
  bound: NOTHING_BOUND,
};

/** Nobody could know the price at which the lead is sold. */
export const NO_PRICE =
  'has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping';

/** What the draft takes for granted; what it defines itself is none of it. */
export function assumptionsOf(draft: MarketDraft, locate: (path: Path) => Place): Assumption[] {
  const { sellers = [], buyers = [], campaigns = [] } = draft;
  const place = (...path: Path): Place => locate(path);
  const codes = sellers.flatMap((seller) => seller?.code ?? []);
  const ids = buyers.flatMap((buyer) => buyer?.id ?? []);
  // Where the file names one that can't be read, it may be the one that is meant: its own fault is enough.
  const isSeller = codes.length < sellers.length ? () => true : has(codes);
  const isBuyer = ids.length < buyers.length ? () => true : has(ids);
  const found: Assumption[] = [];
  for (const [i, seller] of sellers.entries()) {
    if (seller?.code === undefined || seller.slug === undefined) continue;
    found.push({ kind: 'slug', slug: seller.slug, code: seller.code, ...place('sellers', i, 'slug') });
  }
  for (const [i, buyer] of buyers.entries()) {
    if (buyer?.id === undefined) continue;
    if (!('ping' in buyer)) found.push({ kind: 'no_ping', buyer: buyer.id, ...place('buyers', i) });
    if (!('balance' in buyer)) continue;
    const { id, currency = DEFAULTS.currency } = buyer;
    found.push({ kind: 'balance', buyer: id, currency, ...place('buyers', i, 'currency') });
  }
  for (const [i, campaign] of campaigns.entries()) {
    const { seller, category, currency = DEFAULTS.currency, contracts = [] } = campaign ?? {};
    if (seller === undefined) continue;
    if (!isSeller(seller)) {
      found.push({ kind: 'seller', code: seller, defined: codes, ...place('campaigns', i, 'seller') });
    }
    if (category !== undefined) {
      const id = campaignId(seller, category);
      found.push({ kind: 'currency', campaign: id, currency, ...place('campaigns', i, 'currency') });
      const declared = declaredIn(campaign?.fields, currency);
      found.push({ kind: 'fields', campaign: id, declared, ...place('campaigns', i, 'fields') });
    }
    for (const [j, contract] of contracts.entries()) {
      if (contract?.buyer === undefined || isBuyer(contract.buyer)) continue;
      const at = place('campaigns', i, 'contracts', j, 'buyer');
      found.push({
        kind: 'buyer',
        id: contract.buyer,
        asked: !('price' in contract || 'sharedPrice' in contract),
        defined: ids,
        ...at,
      });
    }
  }
  return found;
}

const has = (names: readonly string[]): ((name: string) => boolean) => {
  const set = new Set(names);
  return (name) => set.has(name);
};

/** The assumptions that do not hold, as faults of the file. */
export function unmet(assumptions: readonly Assumption[], rest: Rest): Fault[] {
  const owners = new Map([...rest.sellers].map(([code, slug]) => [slug, code]));
  return assumptions.flatMap((assumption) => {
    const message = whatFails(assumption, rest, owners);
    const { line, column, path } = assumption;
    return message === undefined ? [] : [{ line, column, path, message }];
  });
}

function whatFails(
  assumption: Assumption,
  rest: Rest,
  owners: ReadonlyMap<string, string>,
): string | undefined {
  switch (assumption.kind) {
    case 'seller':
      return rest.sellers.has(assumption.code)
        ? undefined
        : unknown('seller', assumption.code, assumption.defined, rest.sellers);
    case 'buyer': {
      const hasPing = rest.buyers.get(assumption.id);
      if (hasPing === undefined) return unknown('buyer', assumption.id, assumption.defined, rest.buyers);
      return assumption.asked && !hasPing ? NO_PRICE : undefined;
    }
    case 'slug': {
      const owner = owners.get(assumption.slug);
      return owner === undefined || owner === assumption.code
        ? undefined
        : `"${assumption.slug}" is the slug of seller ${owner}; choose another, or change that seller's in this file`;
    }
    case 'no_ping': {
      const contract = rest.contracts.find(({ buyer, hasPrice }) => buyer === assumption.buyer && !hasPrice);
      return (
        contract && `needs its ping: contract ${contract.id}, which the file does not name, has no price`
      );
    }
    case 'currency': {
      const bound = rest.bound.campaigns.get(assumption.campaign);
      if (bound) return unchangeable(bound, assumption.currency);
      const was = rest.currencies.get(assumption.campaign);
      if (was === undefined || was === assumption.currency) return undefined;
      const priced = rest.contracts.find(
        ({ campaign, hasPrice }) => campaign === assumption.campaign && hasPrice,
      );
      return (
        priced &&
        `can't become ${assumption.currency}: contract ${priced.id}, which the file does not name, has a price in ${was}`
      );
    }
    case 'balance': {
      const bound = rest.bound.buyers.get(assumption.buyer);
      return bound && unchangeable(bound, assumption.currency);
    }
    case 'fields': {
      for (const { id, campaign, filters = [] } of rest.contracts) {
        const misfit = campaign === assumption.campaign ? misfitOf(filters, assumption.declared) : undefined;
        if (misfit !== undefined)
          return `do not fit contract ${id}, which the file does not name; name it too: ${misfit}`;
      }
      return undefined;
    }
  }
}

const unchangeable = ({ currency, by }: BoundCurrency, wanted: string): string =>
  `can't change from ${currency} to ${wanted}: ${BINDING[by]}`;

/** What the filters of a contract ask that its campaign's fields can't answer. */
function misfitOf(filters: readonly Filter[], declared: Declared): string | undefined {
  const faults: string[] = [];
  for (const [i, filter] of filters.entries()) {
    checkFilter(filter, declared, ['filters', i], (path, message) => {
      faults.push(`${pathText(path)}: ${message}`);
    });
  }
  return faults[0];
}

function unknown(
  what: 'seller' | 'buyer',
  name: string,
  defined: readonly string[],
  stored: ReadonlyMap<string, unknown>,
): string {
  const meant = nearest(name, [...defined, ...stored.keys()]);
  const hint = meant === undefined ? `define it under ${what}s` : `did you mean ${meant}?`;
  return `"${name}" is neither in this file nor in the store; ${hint}`;
}
