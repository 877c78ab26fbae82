import type { Filter } from '../filters/filters.js';
import { formatMoney } from '../money.js';
import { isPaused } from '../model/pause.js';
import {
  type Buyer,
  type Campaign,
  categoryKey,
  type Contract,
  type Market,
  type Pausable,
  type Seller,
} from '../model/market.js';
import { STEPS, type Protocol, type RequestTerms } from '../model/protocol.js';
import { isSame } from '../waiting/waking.js';
import { formatDuration } from '../calendar/duration.js';
import { similarCategory } from '../nearest.js';
import { isMoney } from './keys.js';

/*
 * Warnings to confirm before a market is changed: about changes that remove a limit, take or return money, stop or
 * resume sales, send leads to another server, expire pending leads, or look like a misplaced decimal point. Other
 * changes, such as a floor that is halved, have no warning. New entries have none either.
 */

/** @param clock UTC ms */
type Judge<T> = (was: T, now: T, clock: number) => string | undefined;

/** A removed key. */
const removed =
  <T>(key: keyof T, message: string): Judge<T> =>
  (was, now) =>
    was[key] !== undefined && now[key] === undefined ? message : undefined;

const resumed =
  <T extends Pausable>(message: string): Judge<T> =>
  (was, now, clock) =>
    isPaused(was, clock) && !isPaused(now, clock) ? message : undefined;

const stopped =
  <T extends Pausable>(message: string): Judge<T> =>
  (was, now, clock) =>
    isPaused(now, clock) && !isPaused(was, clock) ? message : undefined;

const WINDOWS: Readonly<Record<string, string>> = {
  hour: 'an hour',
  day: 'a day',
  week: 'a week',
  month: 'a month',
  total: 'in total',
};

/** Removed windows of a limit. */
const unlimited =
  (key: 'caps' | 'postCaps' | 'budget', what: string): Judge<Contract> =>
  (was, now) => {
    const left: Partial<Record<string, number>> = now[key] ?? {};
    const gone = Object.keys(was[key] ?? {}).filter((window) => left[window] === undefined);
    const windows = gone.map((window) => WINDOWS[window] ?? window).join(', ');
    return gone.length > 0 ? `removes its limit on ${what} ${windows}` : undefined;
  };

const widened: Judge<Contract> = ({ states: was }, { states: now }) => {
  if (was === undefined) return undefined;
  if (now === undefined) return 'buys leads of every state';
  const more = now.filter((state) => !was.includes(state));
  return more.length > 0 ? `buys leads of more states: ${more.join(', ')}` : undefined;
};

const unfiltered: Judge<Contract> = ({ filters: was = [] }, { filters: now = [] }) => {
  const gone = was.filter((filter) => !now.some((one) => isSame(one, filter)));
  const fields = [...new Set(gone.flatMap(fieldsOf))].join(', ');
  return gone.length > 0 ? `removes or changes a filter on ${fields}` : undefined;
};

const fieldsOf = ({ field, all = [], any = [] }: Filter): string[] =>
  field === undefined ? [...all, ...any].flatMap(fieldsOf) : [field];

const unscheduled: Judge<Contract> = ({ schedule: was }, { schedule: now }) => {
  if (was === undefined) return undefined;
  if (now === undefined) return 'buys at any time: its schedule is removed';
  const gone = (['holidays', 'closed'] as const).filter(
    (key) => was[key] !== undefined && now[key] === undefined,
  );
  return gone.length > 0 ? `buys on days that were closed (${gone.join(', ')})` : undefined;
};

const unsourced: Judge<Contract> = ({ sources: was }, { sources: now }) => {
  const gone = (['only', 'not'] as const).filter(
    (key) => was?.[key] !== undefined && now?.[key] === undefined,
  );
  return gone.length > 0 ? `removes its limit on sources (${gone.join(', ')})` : undefined;
};

const unchecked: Judge<Pick<Contract, 'checks'>> = ({ checks: was = [] }, { checks: now = [] }) => {
  const gone = was.map(({ name }) => name).filter((name) => !now.some((one) => one.name === name));
  return gone.length > 0 ? `no longer makes the check ${gone.join(', ')}` : undefined;
};

const unposted: Judge<Seller> = ({ postbacks: was }, { postbacks: now }) => {
  const added = new Set(now.filter((url) => !was.includes(url)).map(hostOf));
  const gone = was.filter((url) => !now.includes(url)).map(hostOf);
  const hosts = [...new Set(gone)].filter((host) => !added.has(host)).join(', ');
  return hosts === '' ? undefined : `no longer sends postbacks to ${hosts}`;
};

/** Persons are sent to these. */
const ADDRESSES = ['ping', 'post', 'status', 'notices'] as const;

const moved: Judge<Buyer> = (was, now) => {
  const moves = ADDRESSES.flatMap((key) => {
    const [from, to] = [was[key], now[key]].map((endpoint) => endpoint && hostOf(endpoint.url));
    return from !== undefined && to !== undefined && from !== to ? [`${key} to ${to}`] : [];
  });
  return moves.length > 0 ? `moves its ${moves.join(', ')}` : undefined;
};

/** Hosts that a protocol sends persons and secrets to, and did not before. */
const redirected =
  <T extends Pick<Contract, 'protocol'>>(
    addressesOf: (request: RequestTerms) => (string | undefined)[],
  ): Judge<T> =>
  (was, now) => {
    const hostsIn = (protocol: Protocol | undefined): string[] =>
      STEPS.flatMap((step) => addressesOf(protocol?.[step]?.request ?? {})).flatMap((address) =>
        address === undefined ? [] : hostOf(address),
      );
    const before = hostsIn(was.protocol);
    const added = hostsIn(now.protocol).filter((host) => !before.includes(host));
    return was.protocol !== undefined && added.length > 0
      ? `sends its requests to ${[...new Set(added)].join(', ')}`
      : undefined;
  };

const tokenAddress = ({ auth }: RequestTerms) => auth?.oauth2?.tokenUrl;

const hostOf = (url: string): string => new URL(url).host;

const sharing: Judge<Campaign> = ({ sale: was }, { sale: now }) =>
  was.mode === 'exclusive' && now.mode !== 'exclusive'
    ? `may sell a lead to ${now.maxBuyers} buyers instead of one`
    : undefined;

const demanding: Judge<Campaign> = ({ required: was }, { required: now }) => {
  const more = now.filter((field) => !was.includes(field)).join(', ');
  return more === '' ? undefined : `refuses leads without ${more}`;
};

/** Percent; a larger margin may be meant, but is rare. */
const USUAL_MARGIN = 50;

const keepingMost: Judge<Campaign> = ({ margin: was }, { margin: now }) => {
  if (now === undefined || isSame(was, now)) return undefined;
  const shares = 'bands' in now ? now.bands : [now];
  const most = Math.max(...shares.map((share) => ('percent' in share ? share.percent : 0)));
  return most > USUAL_MARGIN ? `the house keeps ${most} % of a price` : undefined;
};

const SELLER: readonly Judge<Seller>[] = [
  resumed('resumes this seller, which was paused'),
  stopped('pauses this seller: its leads are neither accepted nor offered'),
  unposted,
];

const BUYER: readonly Judge<Buyer>[] = [
  resumed('resumes this buyer, which was paused'),
  moved,
  redirected((request) => [tokenAddress(request)]),
  (was, now) => {
    if (was.balance === undefined) return undefined;
    if (now.balance === undefined)
      return 'ends its prepaid balance: it buys on account, and payments no longer limit its purchases';
    const { currency = 'USD' } = now;
    if ((was.currency ?? 'USD') !== currency || now.balance >= was.balance) return undefined;
    return `takes ${formatMoney(was.balance - now.balance, currency)} off its balance`;
  },
  (was, now) =>
    was.currency !== undefined && now.currency !== undefined && was.currency !== now.currency
      ? `changes the currency of its balance from ${was.currency} to ${now.currency}`
      : undefined,
];

const CAMPAIGN: readonly Judge<Campaign>[] = [
  resumed('resumes this campaign, which was paused'),
  stopped('pauses this campaign: it accepts no leads, and pending ones expire'),
  (was, now) =>
    was.currency === now.currency
      ? undefined
      : `changes its currency from ${was.currency} to ${now.currency}`,
  (was, now) =>
    categoryKey(was.category) === categoryKey(now.category)
      ? undefined
      : `renames its category: sources that send "${was.category}" are refused`,
  sharing,
  demanding,
  ({ pending: was }, { pending: now }) =>
    now.expireAfter < was.expireAfter
      ? `ends unsold leads sooner: leads that have waited ${formatDuration(now.expireAfter)} or longer expire at once`
      : undefined,
  ({ sale: was }, { sale: now }) =>
    was.sharedFloor !== undefined && now.sharedFloor === undefined && now.mode === 'hybrid'
      ? 'no longer has a floor of its own for shared bids'
      : undefined,
  removed('margin', 'the house no longer keeps a share of its sales'),
  keepingMost,
  removed('duplicates', 'sells leads of the same person again'),
  removed('retention', 'no longer has a retention of its own'),
  unchecked,
];

const CONTRACT: readonly Judge<Contract>[] = [
  resumed('resumes this contract, which was paused'),
  unlimited('caps', 'leads'),
  unlimited('postCaps', 'posts'),
  unlimited('budget', 'spending'),
  removed('floor', 'no longer has a floor of its own'),
  removed('ceiling', 'no longer has a ceiling'),
  removed('until', 'is offered leads of any age'),
  (was, now) => (was.pace === true && now.pace !== true ? 'may buy all of its daily cap at once' : undefined),
  widened,
  unfiltered,
  unsourced,
  unscheduled,
  removed('duplicates', 'buys leads of the same person again'),
  removed('returns', 'can no longer return leads'),
  redirected((request) => [request.url, tokenAddress(request)]),
  unchecked,
];

type Kind = 'seller' | 'buyer' | 'campaign' | 'contract';

/**
 * The warnings of a market's change, by `warningKey`.
 * @param clock UTC ms
 */
export function warningsOf(before: Market, after: Market, clock: number): ReadonlyMap<string, string[]> {
  const sentences = <T>(judges: readonly Judge<T>[], was: T | undefined, now: T): string[] =>
    was === undefined ? [] : judges.flatMap((judge) => judge(was, now, clock) ?? []);
  const was = {
    sellers: new Map(before.sellers.map((seller) => [seller.code, seller])),
    buyers: new Map(before.buyers.map((buyer) => [buyer.id, buyer])),
    campaigns: new Map(before.campaigns.map((campaign) => [campaign.id, campaign])),
    contracts: new Map(before.contracts.map((contract) => [contract.id, contract])),
  };
  const found = new Map<string, string[]>();
  const add = (kind: Kind, id: string, own: string[]) => {
    if (own.length > 0) found.set(warningKey(kind, id), own);
  };
  for (const seller of after.sellers)
    add('seller', seller.code, sentences(SELLER, was.sellers.get(seller.code), seller));
  for (const buyer of after.buyers) add('buyer', buyer.id, sentences(BUYER, was.buyers.get(buyer.id), buyer));
  for (const campaign of after.campaigns)
    add('campaign', campaign.id, sentences(CAMPAIGN, was.campaigns.get(campaign.id), campaign));
  for (const contract of after.contracts)
    add('contract', contract.id, sentences(CONTRACT, was.contracts.get(contract.id), contract));
  const left = new Set(after.contracts.map(({ id }) => id));
  for (const { id } of before.contracts)
    if (!left.has(id)) add('contract', id, ['removes this contract: it buys no more leads']);
  for (const [id, message] of misspelt(before, after)) add('campaign', id, [message]);
  return found;
}

/** From this factor on, a change of an amount may be a slip of the decimal point. */
const SLIP = 10;

const isAmount = (path: string): boolean =>
  isMoney(path) || /^(?:caps|postCaps|margin|returns\.refund)\b/.test(path);

/**
 * Amounts, caps and percentages that become many times as large or as small.
 * @param fields of one changed entry, as the market file writes them
 */
export const slipsOf = (fields: Readonly<Record<string, { from?: string; to?: string }>>): string[] =>
  Object.entries(fields).flatMap(([path, { from, to }]) => {
    if (from === undefined || to === undefined || !isAmount(path)) return [];
    const [was, now] = [Number(from), Number(to)];
    // A first payment is not a slip.
    if (was === 0) return path === 'balance' ? [] : [`raises ${path} from 0`];
    if (now === 0) return [`lowers ${path} to 0`];
    const factor = Number(Math.max(now / was, was / now).toFixed(2));
    // Not a number: a source may call a field `price`.
    if (!(factor >= SLIP)) return [];
    return [`${now > was ? 'multiplies' : 'divides'} ${path} by ${factor}`];
  });

/** `contract ACME1234/auto-insurance/northwind` */
export const warningKey = (kind: Kind, id: string): string => `${kind} ${id}`;

/** New campaigns of a seller that already has some: an existing one may be meant. */
function misspelt(before: Market, after: Market): [id: string, message: string][] {
  const known = new Set(before.campaigns.map(({ id }) => id));
  return after.campaigns.flatMap(({ id, seller, category }): [string, string][] => {
    if (known.has(id)) return [];
    const own = before.campaigns.filter((one) => one.seller === seller);
    const meant = similarCategory(
      category,
      own.map((one) => one.category),
    );
    if (meant !== undefined)
      return [[id, `is a new campaign; the seller has "${meant}" already. Did you mean that one?`]];
    if (own.length === 0 || after.contracts.some(({ campaign }) => campaign === id)) return [];
    const listed = own.map((one) => one.category).join(', ');
    return [[id, `is a new campaign without contracts, so its leads are not sold. The seller has ${listed}`]];
  });
}
