import { stringify } from 'yaml';
import type { Market } from '../../../src/market/model/market.js';
import { parseMarket } from '../../support/parseMarket.js';
import { marketError } from './pageFaults.js';
import type { Scenario } from './schema.js';

/** The terms of a scenario. Ops can change them while it runs. */
export type MarketInScenario = Pick<
  Scenario,
  'seller' | 'campaign' | 'contracts' | 'campaigns' | 'buyers' | 'page'
>;

/** URLs of a buyer's server. Without `ping` the buyer is not pinged and its contract needs a price. */
export interface Addresses {
  ping: string | undefined;
  post: string;
  /** The status endpoint; absent: none. */
  status?: string | undefined;
}

export const SELLER = 'ACME1234';
export const CATEGORY = 'Auto Insurance';

/** Long enough for a slow machine. A scenario about timeouts sets its own. */
const TIMEOUT_MS = 8000;

/** URLs of all servers: buyers and services by id, and the seller's postback URL if it has one. */
export interface Places {
  buyers: ReadonlyMap<string, Addresses>;
  services: ReadonlyMap<string, string>;
  postback: string | undefined;
}

/**
 * The market of a scenario.
 * @throws Error with the faults that the market file's parser finds, each with its line on the scenario's page
 */
export function composeMarket(terms: MarketInScenario, places: Places): Market {
  const file = composeFile(terms, places);
  const read = parseMarket(file);
  if ('market' in read) return read.market;
  throw marketError(terms, file, read.faults);
}

/** The market file of a scenario, completed with ids, names and URLs. */
export function composeFile(terms: MarketInScenario, { buyers, services, postback }: Places): string {
  const campaignOf = (category: string, { contracts, ...campaign }: Record<string, unknown>) => ({
    seller: SELLER,
    category,
    ...withServices(campaign, services),
    contracts: Object.entries(asMap(contracts)).flatMap(([id, contract]: [string, unknown]) =>
      contract === null ? [] : [{ buyer: id, ...withServices(asMap(contract), services) }],
    ),
  });
  return stringify({
    sellers: [
      {
        code: SELLER,
        slug: 'acme-insurance',
        name: 'Acme Insurance Leads',
        ...terms.seller,
        ...(postback !== undefined && { postback: { url: postback, ...further(terms.seller, postback) } }),
      },
    ],
    buyers: [...buyers].map(([id, { ping, post, status }]) => {
      const { ping: pingTerms, post: postTerms, notices, ...rest } = terms.buyers?.[id] ?? {};
      return {
        id,
        name: id,
        ...(ping !== undefined && { ping: { url: ping, timeoutMs: TIMEOUT_MS, ...asMap(pingTerms) } }),
        post: { url: post, timeoutMs: TIMEOUT_MS, ...asMap(postTerms) },
        ...(notices !== undefined && { notices: { url: post, timeoutMs: TIMEOUT_MS, ...asMap(notices) } }),
        ...(status !== undefined && { status: { url: status, timeoutMs: TIMEOUT_MS } }),
        ...rest,
      };
    }),
    campaigns: [
      campaignOf(CATEGORY, { ...terms.campaign, contracts: terms.contracts }),
      ...Object.entries(terms.campaigns ?? {}).map(([category, campaign]) => campaignOf(category, campaign)),
    ],
  });
}

/** Further postback URLs of the seller: paths on its only server. */
function further(seller: MarketInScenario['seller'], url: string): object {
  const { also } = asMap(seller?.postback) as { also?: unknown };
  return Array.isArray(also) ? { also: also.map((path) => new URL(String(path), url).href) } : {};
}

/** Adds the URL of the scenario's service to each check of its name. */
function withServices(terms: object, services: ReadonlyMap<string, string>): object {
  if (!('checks' in terms) || !Array.isArray(terms.checks)) return terms;
  const checks = terms.checks.map((check: { name?: string }) => ({
    url: services.get(check.name ?? ''),
    ...check,
  }));
  return { ...terms, checks };
}

const asMap = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
