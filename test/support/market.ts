import { v7 } from 'uuid';
import { contactOf, KEY_RULE } from '../../src/market/fields/personKeys.js';
import { categoryKey, categorySlug } from '../../src/market/model/market.js';
import type { Database } from '../../src/store/db.js';
import type {
  BuyerDocument,
  CampaignDocument,
  ContractDocument,
  LeadDocument,
  SellerDocument,
} from '../../src/store/documents.js';
import { insertLead } from '../../src/store/leads/leads.js';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { openLead } from '../../src/store/leads/person.js';
import type { FakeBuyer } from './buyer.js';

/** Secret that signs postbacks. */
const SECRET = `whsec_${Buffer.from('a secret for a test seller').toString('base64')}`;

export const minutes = (count: number): number => count * 60_000;

/** A buyer of a test market with its contract; amounts in cents, times in ms. */
export interface TestContract {
  server: FakeBuyer;
  /** Whether it is pinged; otherwise the contract needs a price. */
  pinged?: boolean;
  pingTimeoutMs?: number;
  postTimeoutMs?: number;
  contract?: Partial<ContractDocument>;
}

export const sellerDocument = (code: string, slug: string, name: string): SellerDocument => ({
  _id: code,
  slug,
  name,
  active: true,
  postbacks: [],
  secret: SECRET,
});

export const buyerDocument = (
  id: string,
  { url, secret }: Pick<FakeBuyer, 'url' | 'secret'>,
  timeoutMs = 2000,
): BuyerDocument => ({
  _id: id,
  name: id,
  active: true,
  post: { url, timeoutMs },
  secret,
});

export const contractDocument = (
  campaign: string,
  buyer: string,
  terms: Partial<ContractDocument> = {},
): ContractDocument => ({
  _id: `${campaign}/${buyer}`,
  campaign,
  buyer,
  active: true,
  tier: 1,
  weight: 1,
  timezone: 'UTC',
  ...terms,
});

/** Stores a seller with one campaign and its buyers, and returns the campaign. */
export async function storeMarket(
  database: Database,
  contracts: Record<string, TestContract>,
  terms: Partial<CampaignDocument> = {},
): Promise<CampaignDocument> {
  const category = terms.category ?? 'Auto Insurance';
  const campaign: CampaignDocument = {
    _id: `ACME1234/${categorySlug(category)}`,
    seller: 'ACME1234',
    category,
    categoryKey: categoryKey(category),
    active: true,
    currency: 'USD',
    required: ['firstName', 'lastName', 'phone', 'state'],
    sale: { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' },
    pending: { retryAfter: [minutes(1), minutes(5), minutes(30)], expireAfter: minutes(72 * 60) },
    ...terms,
  };
  const { _id, ...seller } = sellerDocument('ACME1234', 'acme-insurance', 'Acme Insurance Leads');
  await database.sellers.replaceOne({ _id }, seller, { upsert: true });
  await database.campaigns.insertOne(campaign);
  for (const [
    buyer,
    { server, pinged = true, pingTimeoutMs = 500, postTimeoutMs = 2000, contract },
  ] of Object.entries(contracts)) {
    await database.buyers.insertOne({
      ...buyerDocument(buyer, server, postTimeoutMs),
      ...(pinged ? { ping: { url: server.url, timeoutMs: pingTimeoutMs } } : {}),
    });
    await database.contracts.insertOne(contractDocument(campaign._id, buyer, contract));
  }
  return campaign;
}

/** A lead of that campaign as the API would store it. */
export async function storeLead(
  database: Database,
  campaign: CampaignDocument,
  lead: Partial<LeadDocument> = {},
): Promise<LeadDocument> {
  const person = {
    fields: {
      firstName: 'John',
      lastName: 'Doe',
      phone: '555-123-4567',
      state: 'TX',
      zip: '75001',
      city: 'Dallas',
    },
    phoneE164: '+15551234567',
  };
  const document: LeadDocument = {
    _id: v7(),
    seller: campaign.seller,
    campaign: campaign._id,
    category: campaign.category,
    key: 'key_test',
    source: 'landing-page',
    test: false,
    status: 'received',
    receivedAt: new Date(),
    updatedAt: new Date(),
    dueAt: new Date(Date.now() + 3000),
    ...person,
    match: await matchOf(database, contactOf({ ...person.fields, ...lead.fields })),
    matchRule: KEY_RULE,
    state: 'TX',
    rounds: {},
    claims: {},
    claimed: 0,
    currency: campaign.currency,
    ...lead,
  };
  await insertLead(database, document);
  return document;
}

/** All stored leads with their personal data, in order of receipt. */
export async function allLeads({ leads, vault }: Database): Promise<LeadDocument[]> {
  const stored = await leads.find().sort({ _id: 1 }).toArray();
  return stored.map((lead) => openLead(vault, lead));
}
