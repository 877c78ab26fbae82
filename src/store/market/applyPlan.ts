import type { Terms } from '../../market/model/market.js';
import { DEFAULTS } from '../../market/file/defaults.js';
import type { Named } from '../../market/file/mergeChange.js';
import { slipsOf, warningKey, warningsOf } from '../../market/file/warnings.js';
import {
  writtenBuyer,
  writtenCampaign,
  writtenContract,
  writtenSeller,
  type Written,
} from '../../market/file/written.js';
import { categoryKey, type Contract } from '../../market/model/terms.js';
import { mightTake, waitAnew } from '../../market/waiting/waking.js';
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

/** One line of what an apply does. `from` and `to` are as the market file writes them; absent where there is nothing. */
export type Change = {
  kind: 'seller' | 'buyer' | 'campaign' | 'contract';
  id: string;
  /** What a person should confirm, in sentences about the thing: that it loses a limit, say. */
  warnings?: string[];
} & (
  | { change: 'changed'; fields: Record<string, { from?: string; to?: string }> }
  | { change: 'created' | 'unchanged' | 'removed' | 'deactivated' | 'not_named' }
);

/** What is to be written, and how it is described. */
export interface ApplyPlan {
  changes: Change[];
  /** The same for the audit: with every term of what is new or goes, and without secrets. */
  auditEvents: AuditEvent[];
  write: StoredMarket;
  /** Contracts to delete, by id. */
  remove: string[];
  /** What prepaid buyers pay in beyond what the file said before, or take back. */
  topUps: (TopUp & Pick<BuyerDocument, 'lowBalance'>)[];
  /** Buyers that want to hear of another low balance than before. */
  rearmLowBalance: string[];
  /** Buyers that paid in advance once, were billed on account since, and pay in advance again. */
  prepaidAgain: { id: string; currency: string }[];
  /** Buyers whose balance is in another currency than before, and in which. */
  newCurrencies: { id: string; currency: string }[];
  /** Contracts that might now take leads that wait. */
  interestedContracts: { id: string; campaign: string }[];
  /** Campaigns whose waiting leads wait by other terms. */
  changedPending: string[];
  /** Campaigns whose unsold leads end sooner than before, and after how long, ms. */
  expireSooner: { id: string; expireAfter: number }[];
}

/** A whole market that is to be, and what of it a market file names. */
export interface Wanted {
  terms: Terms;
  named: Named;
}

/**
 * What makes the stored market match the wanted one. Pruning removes the contracts that the file does not name, so that
 * they buy nothing from the next round on, and deactivates its campaigns, so that sources get no further lead in and
 * waiting ones run out. It deletes no campaign, buyer or seller: leads, sales and books refer to them, and a post that is
 * under way needs its buyer's address and secret to be settled.
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
    changedPending: waitAnew(before, terms),
    expireSooner: endSooner(before, terms),
  };
  planSellers(plan, stored.sellers, wanted);
  planBuyers(plan, stored.buyers, wanted);
  const currencies = planCampaigns(plan, stored.campaigns, wanted);
  planContracts(plan, stored, wanted, currencies);
  plan.interestedContracts = mightTake(before, terms).filter(({ id }) => !plan.remove.includes(id));
  const warnings = warningsOf(before, terms, Date.now());
  plan.changes = plan.changes.map((change): Change => {
    if (change.change === 'unchanged' || change.change === 'not_named') return change;
    const slips = change.change === 'changed' ? slipsOf(change.fields) : [];
    const own = [...(warnings.get(warningKey(change.kind, change.id)) ?? []), ...slips];
    return own.length === 0 ? change : { ...change, warnings: own };
  });
  return plan;
}

function endSooner(before: Terms, after: Terms): ApplyPlan['expireSooner'] {
  const was = new Map(before.campaigns.map(({ id, pending }) => [id, pending.expireAfter]));
  return after.campaigns.flatMap(({ id, pending: { expireAfter } }) =>
    expireAfter < (was.get(id) ?? 0) ? [{ id, expireAfter }] : [],
  );
}

/** Whether a person should confirm the changes. */
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
    const change = compare(auditEvents, 'seller', code, was && writtenSeller(was), writtenSeller(seller));
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
    const change = compare(auditEvents, 'buyer', id, was && writtenBuyer(was), writtenBuyer(buyer));
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

/** Returns what each campaign's amounts were in and are in, for its contracts. */
function planCampaigns(
  { changes, auditEvents, write }: ApplyPlan,
  stored: CampaignDocument[],
  { terms, named }: Wanted,
): Currencies {
  const before = byId(stored);
  const after = new Map(terms.campaigns.map((campaign) => [campaign.id, campaign]));
  for (const { id, ...campaign } of namedOf(terms.campaigns, named.campaigns, (one) => one.id)) {
    const was = before.get(id);
    const change = compare(
      auditEvents,
      'campaign',
      id,
      was && writtenCampaign(was),
      writtenCampaign(campaign),
    );
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
    const change = compare(plan.auditEvents, 'contract', id, was && written(was, 'before'), now);
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

/** How something changes; what is new or has changed goes to the deeds as well. */
function compare(
  auditEvents: AuditEvent[],
  kind: Change['kind'],
  id: string,
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
