import { v7 } from 'uuid';
import { categoryKey, categorySlug } from '../../src/market/terms.js';
import type { CampaignDocument, ContractDocument, Database } from '../../src/store/db.js';
import { insertLead, type LeadDocument } from '../../src/store/leads.js';
import { matchOf } from '../../src/store/match.js';
import { openLead } from '../../src/store/person.js';
import type { FakeBuyer } from './buyer.js';

export const minutes = (count: number): number => count * 60_000;

/** A buyer of a test market with its contract; amounts in cents, times in ms. */
export interface TestContract {
  server: FakeBuyer;
  /** Whether it is asked for a bid; without it, the contract needs a price. */
  pinged?: boolean;
  pingTimeoutMs?: number;
  postTimeoutMs?: number;
  contract?: Partial<ContractDocument>;
}

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
    maxBuyers: 1,
    floor: 1000,
    retryAfter: [minutes(1), minutes(5), minutes(30)],
    expireAfter: minutes(72 * 60),
    ...terms,
  };
  await database.sellers.replaceOne(
    { _id: 'ACME1234' },
    { slug: 'acme-insurance', name: 'Acme Insurance Leads' },
    { upsert: true },
  );
  await database.campaigns.insertOne(campaign);
  for (const [
    buyer,
    { server, pinged = true, pingTimeoutMs = 500, postTimeoutMs = 2000, contract },
  ] of Object.entries(contracts)) {
    await database.buyers.insertOne({
      _id: buyer,
      name: buyer,
      ...(pinged ? { ping: { url: server.url, timeoutMs: pingTimeoutMs } } : {}),
      post: { url: server.url, timeoutMs: postTimeoutMs },
      secret: server.secret,
    });
    await database.contracts.insertOne({
      _id: `${campaign._id}/${buyer}`,
      campaign: campaign._id,
      buyer,
      ...contract,
    });
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
    test: false,
    status: 'received',
    receivedAt: new Date(),
    updatedAt: new Date(),
    dueAt: new Date(Date.now() + 3000),
    ...person,
    match: await matchOf(database, { ...person, ...lead }),
    state: 'TX',
    rounds: {},
    claims: {},
    held: 0,
    currency: campaign.currency,
    ...lead,
  };
  await insertLead(database, document);
  return document;
}

/** Every stored lead with its person, in the order in which they came. */
export async function allLeads({ leads, vault }: Database): Promise<LeadDocument[]> {
  const stored = await leads.find().sort({ _id: 1 }).toArray();
  return stored.map((lead) => openLead(vault, lead));
}
