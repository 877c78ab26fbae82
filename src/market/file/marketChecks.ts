import { minorDigits, toMinor } from '../money.js';
import { stateCode } from '../fields/state.js';
import { namesPerson } from '../fields/identifyingFields.js';
import { DEFAULTS, isMoney } from './keys.js';
import type { Draft } from './draft.js';
import { parseDuration } from '../calendar/duration.js';
import type { Path, Report } from './fault.js';
import { checkFields, declaredIn, type Declared } from './fieldValues.js';
import { checkFilter } from './filterValues.js';
import { nearest } from '../nearest.js';
import { isOf } from './draft.js';
import type { Protocol, Step } from '../model/protocol.js';
import { ProtocolInFile } from './protocolSchema.js';
import { checkProtocol, checkValues } from './protocolValues.js';
import { OUTLET_CHANNELS } from '../model/outlet.js';
import type { MarketInFile } from './schema.js';
import { checkSources } from './sourceValues.js';

export type MarketDraft = Draft<MarketInFile>;
type CampaignDraft = NonNullable<NonNullable<MarketDraft['campaigns']>[number]>;
type BuyerDraft = NonNullable<NonNullable<MarketDraft['buyers']>[number]>;
type ContractDraft = NonNullable<NonNullable<CampaignDraft['contracts']>[number]>;

/** A lead that is offered more often than this was not sold for want of asking. */
export const MOST_ROUNDS = 1000;

const DAY_MS = 86_400_000;

/** The price at which the lead is sold would be unknown. */
const NO_PRICE = 'has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping';

/** Leads would reach nobody. The hint of a mistyped id is for messages that begin like this. */
const NO_POST = 'is missing; a buyer needs it, or an outlet in each of its contracts';

/** What a market does not say of itself. */
export interface Context {
  /** Whether the value at the path was in the market before the file. */
  isStored: (path: Path) => boolean;
  /** Faulty names of the file's sellers and buyers, as written; undefined if a name is missing. */
  unreadable: Record<'sellers' | 'buyers', unknown[]>;
}

/** Reports faults between the values of a whole market, each of which has the right shape. */
export function checkMarket(
  { sellers = [], buyers = [], campaigns = [] }: MarketDraft,
  report: Report,
  { isStored, unreadable }: Context,
): void {
  checkSlugs(sellers, report, isStored);
  checkReferences({ sellers, buyers, campaigns }, report, unreadable);
  sellers.forEach((seller, i) => {
    checkSources(seller?.sources ?? {}, ['sellers', i, 'sources'], report);
  });
  checkAddresses(sellers, report);
  const unasked = new Set(
    buyers.flatMap((buyer) => (buyer?.id !== undefined && !isPinged(buyer) ? buyer.id : [])),
  );
  const contracts = campaigns.flatMap((campaign) => campaign?.contracts ?? []);
  buyers.forEach((buyer, i) => {
    if (buyer) checkBuyer(buyer, ['buyers', i], report);
    if (buyer && !('post' in buyer) && !hasOwnUrl(buyer, 'post') && !hasOutlets(buyer.id, contracts))
      report(['buyers', i, 'post'], NO_POST);
  });
  campaigns.forEach((campaign, i) => {
    if (campaign) checkCampaign(campaign, unasked, ['campaigns', i], report);
  });
  checkContractProtocols({ buyers, campaigns }, report);
}

/** The path of a source's address has its name alone, so that two sellers can't both have one of a name. */
function checkAddresses(sellers: NonNullable<MarketDraft['sellers']>, report: Report): void {
  const owners = new Map<string, string>();
  for (const [i, seller] of sellers.entries()) {
    for (const [source, terms] of Object.entries(seller?.sources ?? {})) {
      if (terms === undefined || !('inbound' in terms)) continue;
      const owner = owners.get(source);
      if (owner !== undefined)
        report(
          ['sellers', i, 'sources', source, 'inbound'],
          `has the address /in/${source}, which is that of seller ${owner}; choose another name for the source`,
          'key',
        );
      else owners.set(source, seller?.code ?? '');
    }
  }
}

const isPinged = (buyer: BuyerDraft): boolean => 'ping' in buyer || hasOwnUrl(buyer, 'ping');

/** Whether the buyer's own protocol has the address of the step. */
const hasOwnUrl = ({ protocol }: BuyerDraft, step: Step): boolean =>
  protocol?.[step]?.request?.url !== undefined;

/** The protocols under which contracts buy: their own terms, with their buyer's. */
function checkContractProtocols({ buyers = [], campaigns = [] }: MarketDraft, report: Report): void {
  const places = new Map(buyers.map((buyer, i) => [buyer?.id, ['buyers', i]]));
  const byId = new Map(buyers.map((buyer) => [buyer?.id, buyer]));
  const checked = new Set<string>();
  for (const [i, campaign] of campaigns.entries()) {
    for (const [j, contract] of (campaign?.contracts ?? []).entries()) {
      const buyer = byId.get(contract?.buyer);
      const [ofBuyer, own] = [wholeProtocol(buyer?.protocol), wholeProtocol(contract?.protocol)];
      const isWhole = (ofBuyer === undefined) === (buyer?.protocol === undefined);
      const isReadable = (own === undefined) === (contract?.protocol === undefined);
      if (!buyer?.id || !isWhole || !isReadable) continue;
      const terms = { layers: [ofBuyer, own], urls: urlsOf(buyer) };
      if (own !== undefined) {
        const path = ['campaigns', i, 'contracts', j, 'protocol'];
        checkProtocol({ ...terms, currency: campaign?.currency ?? DEFAULTS.currency }, path, report);
        checkValues(terms, path, report);
      } else if (ofBuyer !== undefined && !checked.has(buyer.id)) {
        checked.add(buyer.id);
        checkValues(terms, [...(places.get(buyer.id) ?? []), 'protocol'], report);
      }
    }
  }
}

/** A protocol all of which has the right shape. */
const wholeProtocol = (protocol: unknown): Protocol | undefined =>
  isOf(ProtocolInFile, protocol) ? protocol : undefined;

const urlsOf = (buyer: BuyerDraft | undefined): Partial<Record<Step, string>> => ({
  ping: buyer?.ping?.url,
  post: buyer?.post?.url,
  status: buyer?.status?.url,
});

/** Two sellers of one slug: of the two, the one that the file names is at fault. */
function checkSlugs(
  sellers: NonNullable<MarketDraft['sellers']>,
  report: Report,
  isStored: (path: Path) => boolean,
): void {
  const first = new Map<string, number>();
  for (const [i, seller] of sellers.entries()) {
    if (seller?.slug === undefined) continue;
    const other = first.get(seller.slug);
    if (other === undefined) first.set(seller.slug, i);
    else {
      const [at, owner] = isStored(['sellers', i, 'slug']) ? [other, i] : [i, other];
      const code = sellers[owner]?.code ?? '';
      const message = `"${seller.slug}" is the slug of seller ${code}; choose another, or change that seller's in this file`;
      report(['sellers', at, 'slug'], message);
    }
  }
}

/** Campaigns of unknown sellers, and contracts of unknown buyers. */
function checkReferences(
  { sellers = [], buyers = [], campaigns = [] }: MarketDraft,
  report: Report,
  unreadable: Context['unreadable'],
): void {
  const codes = sellers.flatMap((seller) => seller?.code ?? []);
  const ids = buyers.flatMap((buyer) => buyer?.id ?? []);
  const contracts = campaigns.flatMap((campaign) => campaign?.contracts ?? []);
  const noSellers = unknownOf(
    campaigns.map((campaign) => campaign?.seller),
    codes,
    unreadable.sellers,
  );
  const noBuyers = unknownOf(
    contracts.map((contract) => contract?.buyer),
    ids,
    unreadable.buyers,
  );
  for (const [i, campaign] of campaigns.entries()) {
    const { seller, contracts: own = [] } = campaign ?? {};
    if (seller !== undefined && noSellers.has(seller))
      report(['campaigns', i, 'seller'], unknown('seller', seller, codes));
    for (const [j, contract] of own.entries()) {
      if (contract?.buyer !== undefined && noBuyers.has(contract.buyer))
        report(['campaigns', i, 'contracts', j, 'buyer'], unknown('buyer', contract.buyer, ids));
    }
  }
}

/**
 * The names that are referred to and that nothing has. An entry whose name can't be read may be the one that is
 * meant, so that its own fault is enough: first the one that is spelt like it, then any.
 */
function unknownOf(
  named: readonly (string | undefined)[],
  known: readonly string[],
  unreadable: readonly unknown[],
): ReadonlySet<string> {
  const has = new Set(known);
  const open = new Set(named.flatMap((name) => (name === undefined || has.has(name) ? [] : name)));
  let others = 0;
  for (const written of unreadable) {
    const meant = typeof written === 'string' ? nearest(written, [...open]) : undefined;
    if (meant === undefined) others += 1;
    else open.delete(meant);
  }
  return open.size <= others ? new Set() : open;
}

function unknown(what: 'seller' | 'buyer', name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const hint = meant === undefined ? `define it under ${what}s` : `did you mean ${meant}?`;
  return `"${name}" is neither in this file nor in the market; ${hint}`;
}

/** Reports each value that an earlier entry of the list has too. */
export function reportRepeats(
  values: (string | undefined)[],
  report: Report,
  pathOf: (i: number) => (string | number)[],
): void {
  const first = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue;
    const before = first.get(value);
    if (before === undefined) first.set(value, i);
    else report(pathOf(i), `"${value}" is taken: entry [${before}] of the list has it already`);
  }
}

const ENDPOINTS = ['ping', 'post', 'status'] as const;

function checkBuyer(buyer: BuyerDraft, path: Path, report: Report): void {
  const currency = 'currency' in buyer ? buyer.currency : DEFAULTS.currency;
  for (const step of ENDPOINTS) {
    if (step in buyer && hasOwnUrl(buyer, step))
      report(
        [...path, 'protocol', step, 'request', 'url'],
        `is the address of the ${step}, and the buyer’s ${step} has one; remove one of them`,
      );
  }
  const protocol = wholeProtocol(buyer.protocol);
  if (protocol !== undefined)
    checkProtocol(
      { layers: [protocol], urls: urlsOf(buyer), currency: currency ?? DEFAULTS.currency },
      [...path, 'protocol'],
      report,
    );
  if (currency !== undefined) checkAmounts(buyer, currency, path, report);
  if ('currency' in buyer && !('balance' in buyer)) {
    report([...path, 'currency'], 'is the currency of a balance, and the buyer has none; add balance', 'key');
  }
  const isWarned = buyer.notices?.events?.includes('low_balance') === true;
  if ('lowBalance' in buyer && !('balance' in buyer)) {
    report(
      [...path, 'lowBalance'],
      'is for prepaid buyers, and the buyer has no balance; add balance, or remove lowBalance (null in a change) and low_balance from notices.events',
      'key',
    );
  } else if ('lowBalance' in buyer && !isWarned) {
    report(
      [...path, 'lowBalance'],
      'has no effect, because the buyer gets no low_balance notice; add low_balance to notices.events',
      'key',
    );
  }
  if (isWarned && !('lowBalance' in buyer) && !('balance' in buyer)) {
    report(
      [...path, 'notices', 'events'],
      'lists low_balance, which is for prepaid buyers, and the buyer has no balance; remove low_balance here',
    );
  } else if (isWarned && !('lowBalance' in buyer)) {
    report(
      [...path, 'notices', 'events'],
      'lists low_balance, but the buyer has no lowBalance; add lowBalance: AMOUNT to the buyer, or remove low_balance from notices.events',
    );
  }
}

function checkCampaign(
  campaign: CampaignDraft,
  unasked: ReadonlySet<string>,
  path: Path,
  report: Report,
): void {
  const contracts = campaign.contracts ?? [];
  const currency = 'currency' in campaign ? campaign.currency : DEFAULTS.currency;
  if (currency !== undefined) checkAmounts(campaign, currency, path, report);
  checkSale(campaign.sale, [...path, 'sale'], report);
  checkStages(campaign, [...path, 'stages'], report);
  checkMargin(campaign.margin, [...path, 'margin'], report);
  checkPending(campaign.pending, [...path, 'pending'], report);
  checkRetention(campaign, [...path, 'retention'], report);
  checkFields(campaign.fields ?? {}, [...path, 'fields'], report);
  const terms = {
    expireAfter: parseDuration(campaign.pending?.expireAfter ?? DEFAULTS.expireAfter) ?? 0,
    unasked,
    declared: declaredIn(campaign.fields, currency ?? DEFAULTS.currency),
  };
  contracts.forEach((contract, i) => {
    if (contract) checkContract(contract, terms, [...path, 'contracts', i], report);
  });
}

type SaleDraft = NonNullable<CampaignDraft['sale']>;

function checkSale(sale: SaleDraft | undefined, path: Path, report: Report): void {
  const { mode, floor, instantBuy } = sale ?? {};
  const isAlone = mode === undefined || mode === 'exclusive';
  if (sale && !isAlone && !('maxBuyers' in sale))
    report([...path, 'maxBuyers'], `is missing; a ${mode} sale needs it`);
  if (sale && isAlone && 'maxBuyers' in sale) {
    report(
      [...path, 'maxBuyers'],
      'has no meaning in an exclusive sale; remove it, or write mode: shared',
      'key',
    );
  }
  if (sale && mode !== 'hybrid' && 'sharedFloor' in sale) {
    report([...path, 'sharedFloor'], 'has a meaning in a hybrid sale only; write floor', 'key');
  }
  if (instantBuy !== undefined && floor !== undefined && instantBuy < floor) {
    report([...path, 'instantBuy'], `${instantBuy} is below the floor of ${floor}`);
  }
}

function checkStages({ stages = [], pending }: CampaignDraft, path: Path, report: Report): void {
  const expireAfter = parseDuration(pending?.expireAfter ?? DEFAULTS.expireAfter) ?? Infinity;
  reportRepeats(
    stages.map((stage) => stage?.after),
    report,
    (i) => [...path, i, 'after'],
  );
  for (const [i, stage] of stages.entries()) {
    checkSale(stage, [...path, i], report);
    const after = parseDuration(stage?.after ?? '');
    if (after !== undefined && after >= expireAfter) {
      report(
        [...path, i, 'after'],
        `${stage?.after ?? ''} is never reached: an unsold lead expires before it`,
      );
    }
  }
}

/** The house keeps a percentage or an amount; one of the two, or bands with one of the two each. */
function checkMargin(margin: CampaignDraft['margin'], path: Path, report: Report): void {
  const ways = Object.keys(margin ?? {});
  if (ways.length > 1) report(path, `has ${ways.join(' and ')}; keep one of them`);
  for (const [i, band] of (margin?.bands ?? []).entries()) {
    const shares = Object.keys(band ?? {}).filter((key) => key !== 'from');
    if (shares.length !== 1) report([...path, 'bands', i], 'needs either percent or fixed');
  }
}

function checkAmounts(value: unknown, currency: string, path: Path, report: Report): void {
  if (typeof value === 'number') {
    const keys = path.filter((step) => typeof step === 'string').join('.');
    if (isMoney(keys)) checkAmount(value, currency, path, report);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkAmounts(item, currency, [...path, i], report);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkAmounts(item, currency, [...path, key], report);
  }
}

/** After an erasure, no rule on duplicates recognises the person. */
function checkRetention(
  { retention, duplicates, contracts = [] }: CampaignDraft,
  path: Path,
  report: Report,
): void {
  const kept = parseDuration(retention ?? '');
  const rules = [duplicates, ...contracts.map((contract) => contract?.duplicates)];
  const days = Math.max(0, ...rules.map((rule) => rule?.withinDays ?? 0));
  if (kept === undefined || kept >= days * DAY_MS) return;
  report(path, `"${retention}" is shorter than the period of a duplicate rule; make it at least ${days}d`);
}

function checkPending(pending: CampaignDraft['pending'], path: Path, report: Report): void {
  const waits = (pending?.retryAfter ?? DEFAULTS.retryAfter).map((wait) => parseDuration(wait ?? '') ?? NaN);
  const expireAfter = parseDuration(pending?.expireAfter ?? DEFAULTS.expireAfter) ?? 0;
  const rest = expireAfter - waits.reduce((sum, wait) => sum + wait, 0);
  const rounds = 1 + waits.length + Math.max(0, Math.floor(rest / (waits.at(-1) ?? NaN)));
  // NaN if a wait is unreadable, which is already reported.
  if (!(rounds > MOST_ROUNDS)) return;
  const message = `would offer an unsold lead ${rounds} times before it expires; at most ${MOST_ROUNDS} make sense: lengthen the last wait, which repeats`;
  report([...path, 'retryAfter'], message);
}

/** Whether a buyer has contracts, and each of them has an outlet. */
function hasOutlets(buyer: string | undefined, contracts: readonly (ContractDraft | undefined)[]): boolean {
  const own = contracts.flatMap((contract) =>
    contract !== undefined && contract.buyer === buyer ? contract : [],
  );
  return own.length > 0 && own.every((contract) => 'outlet' in contract);
}

/** A bid is an answer to a ping, and a post follows it: an outlet takes neither, so its contract has a price. */
function checkOutlet(
  outlet: NonNullable<ContractDraft['outlet']>,
  { isPriced }: { isPriced: boolean },
  path: Path,
  report: Report,
): void {
  const channels = OUTLET_CHANNELS.filter((channel) => channel in outlet);
  if (channels.length === 0) report(path, `needs one of ${OUTLET_CHANNELS.join(', ')}`);
  if (channels.length > 1) report(path, `has ${channels.join(' and ')}; keep one of them`);
  if (!isPriced) report(path, 'takes no pings; give the contract a price', 'key');
}

function checkContract(
  contract: ContractDraft,
  campaign: { expireAfter: number; unasked: ReadonlySet<string>; declared: Declared },
  path: Path,
  report: Report,
): void {
  const { expireAfter, unasked, declared } = campaign;
  const isPriced = 'price' in contract || 'sharedPrice' in contract;
  if (contract.outlet !== undefined) checkOutlet(contract.outlet, { isPriced }, [...path, 'outlet'], report);
  else if (!isPriced && unasked.has(contract.buyer ?? '')) report(path, NO_PRICE);
  const codes = (contract.states ?? []).map((state) => stateCode(state ?? ''));
  reportRepeats(codes, report, (i) => [...path, 'states', i]);
  const [delay, until] = [contract.delay, contract.until].map((text) => parseDuration(text ?? ''));
  if (delay !== undefined && expireAfter > 0 && delay >= expireAfter) {
    report([...path, 'delay'], `${contract.delay ?? ''} is never reached: an unsold lead expires before it`);
  }
  if (delay !== undefined && until !== undefined && until <= delay) {
    report(
      [...path, 'until'],
      `${contract.until ?? ''} is over before its delay of ${contract.delay ?? ''} has ended`,
    );
  }
  if (contract.pace === true && contract.caps?.day === undefined) {
    report(
      [...path, 'pace'],
      'spreads a daily cap over the day, and the contract has none; add caps.day, or remove pace',
    );
  }
  contract.filters?.forEach((filter, i) => {
    if (filter) checkFilter(filter, declared, [...path, 'filters', i], report);
  });
  contract.ping?.fields?.forEach((name, i) => {
    if (name !== undefined && namesPerson(name, declared.fields))
      report(
        [...path, 'ping', 'fields', i],
        `"${name}" says who the person is, which no ping does; remove it`,
      );
  });
  const { price, ceiling } = contract;
  if (price !== undefined && ceiling !== undefined)
    report([...path, 'ceiling'], 'is for bids; this contract has a price');
}

/** Amounts smaller than the currency's minor unit are faults. */
export function checkAmount(amount: number, currency: string, path: Path, report: Report): void {
  if (toMinor(amount, currency) !== undefined) return;
  const digits = minorDigits(currency);
  const has = digits === 0 ? 'no decimals' : `at most ${digits} decimals`;
  report(
    path,
    `${amount} has more decimals than ${currency}, which has ${has}; write it like ${amount.toFixed(digits)}`,
  );
}
