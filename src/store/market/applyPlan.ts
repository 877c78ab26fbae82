import { categoryKey, type Contract, type Market } from '../../market/model/market.js';
import { DEFAULTS } from '../../market/file/keys.js';
import type { Named } from '../../market/file/mergeChange.js';
import { slipsOf, warningKey, warningsOf } from '../../market/file/warnings.js';
import {
  writtenBuyer,
  writtenCampaign,
  writtenContract,
  writtenSeller,
  type Written,
} from '../../market/file/written.js';
import { contractsToReconsider, campaignsWithNewPendingTerms } from '../../market/waiting/waking.js';
import { changedValues, redactedValues } from '../audit.js';
import type {
  BuyerDocument,
  CampaignDocument,
  AuditEvent,
  SellerDocument,
  StoredMarket,
} from '../documents.js';
import { changedBalances } from './boundCurrencies.js';
import { termsOf } from './readMarket.js';
import type { TopUp } from '../books/topUp.js';

/** One change of an apply. `from` and `to` are as in the market file; absent if there is no value. */
export type Change = {
  kind: 'seller' | 'buyer' | 'campaign' | 'contract';
  id: string;
  /** What a person should confirm, in sentences about the object: that it loses a limit, for example. */
  warnings?: string[];
} & (
  | { change: 'changed'; fields: Record<string, { from?: string; to?: string }> }
  | { change: 'created' | 'unchanged' | 'removed' | 'deactivated' | 'not_named' }
);

export interface ApplyPlan {
  changes: Change[];
  /** The same for the audit log: with every term of new and removed objects, and without secrets. */
  auditEvents: AuditEvent[];
  write: StoredMarket;
  remove: string[];
  /**
   * Payments of prepaid buyers: the difference to the balance that the file had before, negative if they take money
   * back.
   */
  topUps: (TopUp & Pick<BuyerDocument, 'lowBalance'>)[];
  /** Buyers whose low-balance threshold has changed. */
  rearmLowBalance: string[];
  /** Buyers that were prepaid, then billed on account, and are prepaid again. */
  prepaidAgain: { id: string; currency: string }[];
  /** Buyers whose balance is in another currency than before, with the new currency. */
  newCurrencies: { id: string; currency: string }[];
  /** Contracts that may buy waiting leads now. */
  interestedContracts: { id: string; campaign: string }[];
  /** Campaigns whose terms for waiting leads have changed. */
  changedPending: string[];
  /** Campaigns whose unsold leads expire sooner than before, and after how long, ms. */
  expireSooner: { id: string; expireAfter: number }[];
}

/** The complete new market, and what of it the market file names. */
export interface Wanted {
  terms: Market;
  named: Named;
}

/**
 * The changes that make the stored market match the wanted one. Pruning removes the contracts that the file does not
 * name, so that they buy nothing from the next round on, and deactivates its campaigns, so that they accept no further
 * leads and waiting ones expire. It deletes no campaign, buyer or seller: leads, sales and the ledger refer to them,
 * and a post in progress needs its buyer's address and secret.
 */
export function planApply(stored: StoredMarket, wanted: Wanted): ApplyPlan {
  const { terms } = wanted;
  const before = termsOf(stored);
  const plan: ApplyPlan = {
    changes: [],
    auditEvents: [],
    write: { sellers: [], buyers: [], campaigns: [], contracts: [] },
    remove: [],
    topUps: [],
    rearmLowBalance: [],
    prepaidAgain: [],
    newCurrencies: changedBalances(stored, terms),
    interestedContracts: [],
    changedPending: campaignsWithNewPendingTerms(before, terms),
    expireSooner: endSooner(before, terms),
  };
  planSellers(plan, stored.sellers, wanted);
  planBuyers(plan, stored.buyers, wanted);
  const currencies = planCampaigns(plan, stored.campaigns, wanted);
  planContracts(plan, stored, wanted, currencies);
  plan.interestedContracts = contractsToReconsider(before, terms).filter(
    ({ id }) => !plan.remove.includes(id),
  );
  const warnings = warningsOf(before, terms, Date.now());
  plan.changes = plan.changes.map((change): Change => {
    if (change.change === 'unchanged' || change.change === 'not_named') return change;
    const slips = change.change === 'changed' ? slipsOf(change.fields) : [];
    const own = [...(warnings.get(warningKey(change.kind, change.id)) ?? []), ...slips];
    return own.length === 0 ? change : { ...change, warnings: own };
  });
  return plan;
}

function endSooner(before: Market, after: Market): ApplyPlan['expireSooner'] {
  const was = new Map(before.campaigns.map(({ id, pending }) => [id, pending.expireAfter]));
  return after.campaigns.flatMap(({ id, pending: { expireAfter } }) =>
    expireAfter < (was.get(id) ?? 0) ? [{ id, expireAfter }] : [],
  );
}

export const needsConfirmation = (changes: readonly Change[]): boolean =>
  changes.some(({ warnings }) => warnings !== undefined);

/** The entries that the file names, in its order. */
function namedOf<T>(entries: readonly T[], names: readonly string[], nameOf: (entry: T) => string): T[] {
  const byName = new Map(entries.map((entry) => [nameOf(entry), entry]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

function planSellers(
  { changes, auditEvents, write }: ApplyPlan,
  stored: SellerDocument[],
  { terms, named }: Wanted,
): void {
  const before = byId(stored);
  for (const { code, ...seller } of namedOf(terms.sellers, named.sellers, (one) => one.code)) {
    const was = before.get(code);
    const now = writtenSeller(seller);
    const change = compare(auditEvents, { kind: 'seller', id: code }, was && writtenSeller(was), now);
    if (change.change !== 'unchanged')
      write.sellers.push({ _id: code, ...seller, secret: was?.secret, signing: was?.signing });
    changes.push(change);
  }
  changes.push(...notNamed('seller', stored, named.sellers));
}

function planBuyers(plan: ApplyPlan, stored: BuyerDocument[], { terms, named }: Wanted): void {
  const { changes, auditEvents, write } = plan;
  const before = byId(stored);
  for (const { id, ...buyer } of namedOf(terms.buyers, named.buyers, (one) => one.id)) {
    const was = before.get(id);
    const change = compare(auditEvents, { kind: 'buyer', id }, was && writtenBuyer(was), writtenBuyer(buyer));
    const paidBefore = was?.balance ?? was?.paidIn ?? 0;
    const paidNow = buyer.balance === undefined ? 0 : buyer.balance - paidBefore;
    const { currency = DEFAULTS.currency, lowBalance } = buyer;
    if (buyer.balance !== undefined && was?.paidIn !== undefined) plan.prepaidAgain.push({ id, currency });
    if (paidNow !== 0) plan.topUps.push({ buyer: id, amount: paidNow, currency, lowBalance });
    if (lowBalance !== was?.lowBalance) plan.rearmLowBalance.push(id);
    const stays = buyer.balance === undefined && paidBefore > 0 ? { paidIn: paidBefore } : {};
    if (change.change !== 'unchanged')
      write.buyers.push({ _id: id, ...buyer, secret: was?.secret, signing: was?.signing, ...stays });
    changes.push(change);
  }
  changes.push(...notNamed('buyer', stored, named.buyers));
}

/** Returns the currency of each campaign before and after, for its contracts. */
function planCampaigns(
  { changes, auditEvents, write }: ApplyPlan,
  stored: CampaignDocument[],
  { terms, named }: Wanted,
): Currencies {
  const before = byId(stored);
  const after = new Map(terms.campaigns.map((campaign) => [campaign.id, campaign]));
  for (const { id, ...campaign } of namedOf(terms.campaigns, named.campaigns, (one) => one.id)) {
    const was = before.get(id);
    const now = writtenCampaign(campaign);
    const change = compare(auditEvents, { kind: 'campaign', id }, was && writtenCampaign(was), now);
    if (change.change !== 'unchanged') {
      write.campaigns.push({ _id: id, ...campaign, categoryKey: categoryKey(campaign.category) });
    }
    changes.push(change);
  }
  for (const change of notNamed('campaign', stored, named.campaigns)) {
    const campaign = before.get(change.id);
    const deactivate = campaign?.active === true && after.get(change.id)?.active === false;
    if (deactivate) {
      write.campaigns.push({ ...campaign, active: false });
      const values = [{ path: 'active', from: 'true', to: 'false' }];
      auditEvents.push({ kind: 'campaign', id: change.id, did: 'deactivated', values });
    }
    changes.push(deactivate ? { kind: 'campaign', id: change.id, change: 'deactivated' } : change);
  }
  return {
    before: new Map(stored.map(({ _id, currency }) => [_id, currency])),
    after: new Map(terms.campaigns.map(({ id, currency }) => [id, currency])),
  };
}

type Currencies = Record<'before' | 'after', ReadonlyMap<string, string>>;

function planContracts(
  plan: ApplyPlan,
  { contracts }: StoredMarket,
  { terms, named }: Wanted,
  currencies: Currencies,
): void {
  const before = byId(contracts);
  const written = (of: Omit<Contract, 'id'>, when: keyof Currencies): Written =>
    writtenContract(of, currencies[when].get(of.campaign) ?? DEFAULTS.currency);
  for (const { id, ...contract } of namedOf(terms.contracts, named.contracts, (one) => one.id)) {
    const was = before.get(id);
    const now = written(contract, 'after');
    const change = compare(plan.auditEvents, { kind: 'contract', id }, was && written(was, 'before'), now);
    if (change.change !== 'unchanged') plan.write.contracts.push({ _id: id, ...contract });
    plan.changes.push(change);
  }
  const left = new Set(terms.contracts.map(({ id }) => id));
  for (const change of notNamed('contract', contracts, named.contracts)) {
    if (left.has(change.id)) {
      plan.changes.push(change);
      continue;
    }
    const was = before.get(change.id);
    const values = redactedValues(changedValues(was ? written(was, 'before') : {}, {}));
    plan.remove.push(change.id);
    plan.auditEvents.push({ kind: 'contract', id: change.id, did: 'removed', values });
    plan.changes.push({ kind: 'contract', id: change.id, change: 'removed' });
  }
}

const byId = <T extends { _id: string }>(documents: T[]): Map<string, T> =>
  new Map(documents.map((document) => [document._id, document]));

function notNamed(kind: Change['kind'], stored: { _id: string }[], named: string[]): Change[] {
  const isNamed = new Set(named);
  return stored
    .filter(({ _id }) => !isNamed.has(_id))
    .map(({ _id }) => ({ kind, id: _id, change: 'not_named' }));
}

/** Compares an object before and after; a new or changed one gets an audit event. */
function compare(
  auditEvents: AuditEvent[],
  { kind, id }: Pick<Change, 'kind' | 'id'>,
  was: Written | undefined,
  now: Written,
): Change {
  const values = changedValues(was ?? {}, now);
  if (was !== undefined && values.length === 0) return { kind, id, change: 'unchanged' };
  auditEvents.push({ kind, id, did: was ? 'changed' : 'created', values: redactedValues(values) });
  if (was === undefined) return { kind, id, change: 'created' };
  const fields = values.map(({ path, from, to }) => [path, { from, to }] as const);
  return { kind, id, change: 'changed', fields: Object.fromEntries(fields) };
}
