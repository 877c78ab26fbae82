import { compileContracts, type CompiledCampaign } from '../../market/eligibility/compileCampaign.js';
import { comparedBuyers } from '../../market/limits/duplicates.js';
import { askedFields } from '../../market/intake/askedFields.js';
import type { SourceTerms } from '../../market/fields/aliases.js';
import type { Inbound } from '../../market/mapping/inbound.js';
import type { Buyer, Campaign, Contract, Seller } from '../../market/model/market.js';
import type { Database } from '../db.js';
import type {
  BuyerDocument,
  CampaignDocument,
  ContractDocument,
  SecretDocument,
  SellerDocument,
} from '../documents.js';
import { hasBuyersLists } from '../persons/suppressions.js';
import { currentBuyer, currentCampaign, currentContract, currentSeller } from './earlierMarket.js';
import { loadBuyersSecrets, namedSecretsOf, type NamedSecrets } from '../keys/namedSecrets.js';
import { secretsOf, type SecretsInForce } from '../keys/signing.js';
import type { Vault } from '../vault.js';
import { currentVersion } from './versions.js';

/** A buyer with the secrets that sign its messages; rules and results never contain them. */
export type BuyerWithSecret = Buyer & { secret: SecretsInForce; secrets: NamedSecrets };

export type SellerWithSecret = Seller & { secret: SecretsInForce };

/** All market data of a round. */
export interface StoredTerms extends CompiledCampaign<BuyerWithSecret, SellerWithSecret> {
  /** Whether any buyer has a suppression list. */
  buyersLists?: boolean;
}

function sellerOf(vault: Vault, stored: SellerDocument): SellerWithSecret {
  const { _id: code, signing: _signing, ...rest } = currentSeller(stored);
  return { code, ...rest, secret: secretsOf(vault, 'seller', stored) };
}

function campaignOf(stored: CampaignDocument): Campaign {
  const { _id: id, ...rest } = currentCampaign(stored);
  return { id, ...rest };
}

function contractOf(stored: ContractDocument): Contract {
  const { _id: id, ...rest } = currentContract(stored);
  return { id, ...rest };
}

function buyerOf(vault: Vault, stored: BuyerDocument, secrets: SecretDocument[]): BuyerWithSecret {
  const { _id: id, signing: _signing, ...rest } = currentBuyer(stored);
  return {
    id,
    ...rest,
    secret: secretsOf(vault, 'buyer', stored),
    secrets: namedSecretsOf(vault, secrets, id),
  };
}

/** A seller by its code or its slug. */
export async function findSeller(
  { sellers, vault }: Database,
  codeOrSlug: string,
): Promise<SellerWithSecret | undefined> {
  const found = (await sellers.findOne({ _id: codeOrSlug })) ?? (await sellers.findOne({ slug: codeOrSlug }));
  return found ? sellerOf(vault, found) : undefined;
}

export async function findBuyer(database: Database, id: string): Promise<BuyerWithSecret | undefined> {
  const [found, secrets] = await Promise.all([
    database.buyers.findOne({ _id: id }),
    loadBuyersSecrets(database, [id]),
  ]);
  return found ? buyerOf(database.vault, found, secrets) : undefined;
}

/** A seller's campaign by `categoryKey(category)`, active or not. */
export async function findCampaign(
  { campaigns }: Database,
  seller: string,
  key: string,
): Promise<Campaign | undefined> {
  const found = await campaigns.findOne({ seller, categoryKey: key });
  return found ? campaignOf(found) : undefined;
}

/** A campaign by its id, active or not. */
export async function findCampaignById({ campaigns }: Database, id: string): Promise<Campaign | undefined> {
  const found = await campaigns.findOne({ _id: id });
  return found ? campaignOf(found) : undefined;
}

/** The fields that a campaign and its contracts refer to by name. */
export async function findAskedFields(
  { contracts }: Database,
  campaign: Campaign,
): Promise<ReadonlySet<string>> {
  const asking = await contracts
    .find({ campaign: campaign.id })
    .project<Pick<ContractDocument, 'filters' | 'ping' | 'checks'>>({ filters: 1, ping: 1, checks: 1 })
    .toArray();
  return askedFields(campaign, asking);
}

/** A campaign with its seller, contracts and their buyers, compiled for rounds, in the order of the contracts' ids. */
export async function loadTerms(database: Database, campaignId: string): Promise<StoredTerms | undefined> {
  for (let marketVersion = await currentVersion(database); ;) {
    const terms = await readTermsOf(database, campaignId);
    const after = await currentVersion(database);
    if (after === marketVersion) return terms && { ...terms, marketVersion };
    // The market was changed during the read.
    marketVersion = after;
  }
}

async function readTermsOf(database: Database, campaignId: string): Promise<StoredTerms | undefined> {
  const [campaign, contracts, compared, buyersLists] = await Promise.all([
    database.campaigns.findOne({ _id: campaignId }),
    database.contracts.find({ campaign: campaignId }).sort({ _id: 1 }).toArray(),
    findComparedBuyers(database),
    hasBuyersLists(database),
  ]);
  if (campaign === null) return undefined;
  const ids = [...new Set(contracts.map(({ buyer }) => buyer))];
  const [seller, buyers, secrets] = await Promise.all([
    findSeller(database, campaign.seller),
    database.buyers.find({ _id: { $in: ids } }).toArray(),
    loadBuyersSecrets(database, ids),
  ]);
  if (seller === undefined) return undefined;
  const byId = new Map(buyers.map((buyer) => [buyer._id, buyerOf(database.vault, buyer, secrets)]));
  return {
    seller,
    campaign: campaignOf(campaign),
    contracts: compileContracts(campaignOf(campaign), contracts.map(contractOf), byId),
    compared,
    buyersLists,
  };
}

/** `comparedBuyers` of the stored market; reads only the contracts with rules per buyer. */
async function findComparedBuyers({ campaigns, contracts }: Database): Promise<Set<string>> {
  const perBuyer = { 'duplicates.per': 'buyer' };
  const [all, some] = await Promise.all([
    campaigns.find(perBuyer).toArray(),
    contracts.find(perBuyer).toArray(),
  ]);
  const ids = all.map(({ _id }) => _id);
  const inAll = ids.length === 0 ? [] : await contracts.find({ campaign: { $in: ids } }).toArray();
  return comparedBuyers(all.map(campaignOf), [...some, ...inAll].map(contractOf));
}

/** The source with this name that has an address; names of sources have letters, digits, _ and - only. */
export async function findInboundSource(
  { sellers }: Database,
  name: string,
): Promise<{ seller: string; inbound: Inbound; terms: SourceTerms } | undefined> {
  const found = await sellers.findOne({ [`sources.${name}.inbound`]: { $exists: true } });
  const { inbound, ...terms } = found?.sources?.[name] ?? {};
  return found === null || inbound === undefined ? undefined : { seller: found._id, inbound, terms };
}
