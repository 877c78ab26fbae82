import { campaignId } from '../market/model/market.js';
import { nearest } from '../market/nearest.js';
import type { Database } from '../store/db.js';
import type { CampaignDocument, ContractDocument } from '../store/documents.js';
import { currentCampaign, currentContract } from '../store/market/earlierMarket.js';
import {
  findBuyer,
  findSeller,
  type BuyerWithSecret,
  type SellerWithSecret,
} from '../store/market/storedTerms.js';
import { notFound } from './operationError.js';

/** @throws OperationError if the market has no such seller */
export const findSellerByName = async (database: Database, codeOrSlug: string): Promise<SellerWithSecret> =>
  (await findSeller(database, codeOrSlug)) ?? unknown(database, 'seller', codeOrSlug);

/** @throws OperationError if the market has no such buyer */
export const findBuyerByName = async (database: Database, id: string): Promise<BuyerWithSecret> =>
  (await findBuyer(database, id)) ?? unknown(database, 'buyer', id);

/** Finds a campaign by `SELLER/CATEGORY`: the seller's code or slug, and the category in any spelling. */
export async function findCampaignByName(
  database: Database,
  text: string,
): Promise<Omit<CampaignDocument, '_id'> & { id: string }> {
  const found = await database.campaigns.findOne({ _id: await campaignIdOf(database, text) });
  if (found === null) return unknown(database, 'campaign', text);
  const { _id: id, ...campaign } = currentCampaign(found);
  return { id, ...campaign };
}

/** Finds a contract by `SELLER/CATEGORY/BUYER`. */
export async function findContractByName(
  database: Database,
  text: string,
): Promise<Omit<ContractDocument, '_id'> & { id: string }> {
  const slash = text.lastIndexOf('/');
  const campaign = await campaignIdOf(database, text.slice(0, slash));
  const found = await database.contracts.findOne({ _id: `${campaign}/${text.slice(slash + 1)}` });
  if (found === null) return unknown(database, 'contract', text);
  const { _id: id, ...contract } = currentContract(found);
  return { id, ...contract };
}

async function campaignIdOf(database: Database, text: string): Promise<string> {
  const slash = text.indexOf('/');
  const named = text.slice(0, slash);
  return campaignId((await findSeller(database, named))?.code ?? named, text.slice(slash + 1));
}

export async function resolveIds(
  database: Database,
  { seller, campaign, buyer }: { seller?: string; campaign?: string; buyer?: string },
): Promise<{ seller?: string; campaign?: string; buyer?: string }> {
  return {
    seller: seller === undefined ? undefined : (await findSellerByName(database, seller)).code,
    campaign: campaign === undefined ? undefined : (await findCampaignByName(database, campaign)).id,
    buyer: buyer === undefined ? undefined : (await findBuyerByName(database, buyer)).id,
  };
}

/**
 * The id that was probably meant, if it is misspelt (`alfa` for alpha), or only its last part is given (`home-improvement`
 * for BRIGHT01/home-improvement).
 */
function suggestionFor(named: string, ids: readonly string[]): string | undefined {
  const close = nearest(named, ids, { lettersPerSlip: 2 });
  if (close !== undefined || named.includes('/')) return close;
  const lastOf = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
  const part = nearest(named.replace(/\W+/g, '-'), ids.map(lastOf));
  const ending = ids.filter((id) => lastOf(id) === part);
  return ending.length === 0 ? undefined : ending.slice(0, 3).join(' or ');
}

/** @throws OperationError with the id that was probably meant */
async function unknown(
  database: Database,
  kind: 'seller' | 'buyer' | 'campaign' | 'contract',
  named: string,
): Promise<never> {
  const ids = await database[`${kind}s`].distinct('_id');
  const meant = suggestionFor(named, ids);
  const hint =
    meant === undefined
      ? `\`gavel apply FILE\` with one under ${kind}s creates it`
      : `did you mean ${meant}?`;
  throw notFound(`The market has no ${kind} "${named}"; ${hint}${meant === undefined ? '.' : ''}`);
}
