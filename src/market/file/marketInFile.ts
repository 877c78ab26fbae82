import { toDecimal } from '../money.js';
import type { Buyer, Campaign, Contract, Market, Sale, Seller } from '../model/market.js';
import type { Step } from '../model/protocol.js';
import { endpointIn } from './buildMarket.js';
import { isOf } from './draft.js';
import { formatDuration } from '../calendar/duration.js';
import { pathText } from './fault.js';
import { fieldsInFile } from './fieldValues.js';
import { formatInstant } from '../calendar/isoTime.js';
import { MarketInFile } from './schema.js';
import { checkShape } from './shape.js';
import { sourcesInFile } from './sourceValues.js';
import { isDuration, isInstant, isMoney } from './keys.js';

/**
 * The market as a file writes it, with every default spelt out: reading it gives the same terms again.
 * @throws Error if the terms can't be said by a file, with the first of them
 */
export function marketInFile({ sellers, buyers, campaigns, contracts }: Market): MarketInFile {
  const contractsOf = new Map<string, Contract[]>(campaigns.map(({ id }) => [id, []]));
  for (const contract of contracts) contractsOf.get(contract.campaign)?.push(contract);
  const file = {
    sellers: sellers.map(sellerInFile),
    buyers: buyers.map(buyerInFile),
    campaigns: campaigns.map((campaign) => campaignInFile(campaign, contractsOf.get(campaign.id) ?? [])),
  };
  if (isOf(MarketInFile, file)) return file;
  throw new Error(`The stored market can't be written as a market file: ${firstFault(file)}`);
}

function firstFault(file: unknown): string {
  const found: string[] = [];
  checkShape(MarketInFile, file, [], (path, message) => void found.push(`${pathText(path)}: ${message}`));
  return found[0] ?? 'for an unknown reason';
}

const sellerInFile = ({ postbacks: [url, ...also], sources, ...seller }: Seller) =>
  written(
    {
      ...seller,
      sources: sources && sourcesInFile(sources),
      postback: url === undefined ? undefined : { url, also: also.length > 0 ? also : undefined },
    },
    'USD',
  );

/** Addresses that its protocol names are not repeated. */
function buyerInFile(buyer: Buyer) {
  const own = (step: Step) => (endpointIn(buyer.protocol, step) === undefined ? buyer[step] : undefined);
  const endpoints = { ping: own('ping'), post: own('post'), status: own('status') };
  return written({ ...buyer, ...endpoints }, buyer.currency ?? 'USD');
}

/** Ids follow from what they stand in. */
function campaignInFile(campaign: Campaign, contracts: Contract[]) {
  const { sale, stages, currency, fields } = campaign;
  const terms = {
    ...campaign,
    id: undefined,
    fields: fields && fieldsInFile(fields),
    sale: saleInFile(sale),
    stages: stages?.map(saleInFile),
  };
  return {
    ...written(terms, currency),
    contracts: contracts.map((contract) =>
      written({ ...contract, id: undefined, campaign: undefined }, currency),
    ),
  };
}

/** The maximum number of buyers of an exclusive lead is implied. */
const saleInFile = ({ maxBuyers, ...sale }: Sale) => ({
  ...sale,
  maxBuyers: sale.mode === 'exclusive' ? undefined : maxBuyers,
});

const written = (terms: object, currency: string): object => mapOf(terms, '', currency);

function mapOf(map: object, path: string, currency: string): object {
  const entries = Object.entries(map).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, valueOf(value, `${path}.${key}`, currency)]));
}

function valueOf(value: unknown, path: string, currency: string): unknown {
  if (Array.isArray(value)) return value.map((item) => valueOf(item, path, currency));
  if (typeof value === 'object' && value !== null) return mapOf(value, path, currency);
  if (typeof value !== 'number') return value;
  if (isMoney(path)) return toDecimal(value, currency);
  if (isInstant(path)) return formatInstant(value);
  return isDuration(path) ? formatDuration(value) : value;
}
