import type { ClientSession } from 'mongodb';
import type { Bound, BoundCurrency } from '../../market/file/boundCurrency.js';
import type { Market } from '../../market/model/market.js';
import type { BuyerDocument, CampaignDocument, ContractDocument, StoredMarket } from '../documents.js';
import { accountId } from '../sales/capacity.js';
import type { Database } from '../db.js';

/**
 * The campaigns and buyers whose currency a market would change but can't, with the reason: amounts are stored in minor
 * units, and existing ones would be read in the new currency.
 */
export async function boundCurrencies(
  database: Database,
  stored: StoredMarket,
  market: Market,
  session: ClientSession,
): Promise<Bound> {
  const campaigns = new Map<string, BoundCurrency>();
  const buyers = new Map<string, BoundCurrency>();
  // Sequential: a session runs one operation at a time.
  for (const { id, currency } of market.campaigns) {
    const was = stored.campaigns.find(({ _id }) => _id === id);
    if (was === undefined || was.currency === currency) continue;
    const by = await bindingCampaign(database, was, stored.contracts, session);
    if (by) campaigns.set(id, { currency: was.currency, by });
  }
  for (const balance of changedBalances(stored, market)) {
    const found = await bindingBuyer(database, balance, session);
    if (found) buyers.set(balance.id, found);
  }
  return { campaigns, buyers };
}

export interface ChangedBalance {
  id: string;
  currency: string;
  /** The present currency of its balance; absent without a balance. */
  was?: string;
}

/** Buyers that get a balance in another currency than before, or for the first time. */
export function changedBalances(
  { buyers }: Pick<StoredMarket, 'buyers'>,
  market: Pick<Market, 'buyers'>,
): ChangedBalance[] {
  const before = new Map(buyers.map((buyer) => [buyer._id, buyer]));
  return market.buyers.flatMap(({ id, balance, currency }) => {
    const stored = before.get(id);
    if (stored === undefined || balance === undefined || currency === undefined) return [];
    const was = balanceCurrency(stored);
    return was === currency ? [] : [{ id, currency, was }];
  });
}

/** The currency of a prepaid buyer's balance. Buyers of earlier releases don't have one. */
const balanceCurrency = ({ balance, currency = 'USD' }: BuyerDocument): string | undefined =>
  balance === undefined ? undefined : currency;

async function bindingCampaign(
  { leads, sales, usage }: Database,
  { _id: campaign, seller }: CampaignDocument,
  contracts: ContractDocument[],
  session: ClientSession,
): Promise<BoundCurrency['by'] | undefined> {
  const options = { session, projection: { _id: 1 } };
  if (await sales.findOne({ seller, campaign, test: false }, options)) return 'sales';
  const isOpen =
    (await leads.findOne({ campaign, status: 'pending' }, options)) ??
    // `dueAt` makes it use the index of due leads, which has every new lead.
    (await leads.findOne({ dueAt: { $gt: new Date(0) }, campaign, status: 'received' }, options));
  if (isOpen) return 'open leads';
  const ids = contracts.filter((one) => one.campaign === campaign).map(({ _id }) => _id);
  const used = await usage.find({ _id: { $in: ids } }, { session, projection: { reserved: 1 } }).toArray();
  return used.some(({ reserved = {} }) => Object.keys(reserved).length > 0) ? 'posts under way' : undefined;
}

async function bindingBuyer(
  { ledger, usage }: Database,
  { id, currency, was }: ChangedBalance,
  session: ClientSession,
): Promise<BoundCurrency | undefined> {
  const account = accountId(id);
  const paid = await ledger.findOne({ account, kind: 'top_up', currency: { $ne: currency } }, { session });
  if (paid) return { currency: paid.currency, by: 'payments' };
  const kept = await usage.findOne({ _id: account }, { session });
  const { balance = 0, reserved = {}, currency: before = was ?? currency } = kept ?? {};
  if (before === currency) return undefined;
  if (balance !== 0) return { currency: before, by: 'balance' };
  return Object.keys(reserved).length > 0 ? { currency: before, by: 'posts under way' } : undefined;
}
