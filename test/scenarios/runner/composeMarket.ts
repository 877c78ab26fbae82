import { stringify } from 'yaml';
import { faultText } from '../../../src/market/file/fault.js';
import type { Terms } from '../../../src/market/file/build.js';
import { parseMarket } from '../../../src/market/file/parseMarket.js';
import type { Scenario } from './schema.js';

/** A scenario's terms, which ops may change while it runs. */
export type MarketInScenario = Pick<Scenario, 'seller' | 'campaign' | 'contracts' | 'campaigns' | 'buyers'>;

/** Where a buyer's server is asked; absent: it is not asked, and its contract needs a price. */
export interface Addresses {
  ping: string | undefined;
  post: string;
  /** Where it is asked what became of a post; absent: nowhere. */
  status?: string | undefined;
}

export const SELLER = 'ACME1234';
export const CATEGORY = 'Auto Insurance';

/** Long enough for a slow machine; a scenario about timeouts sets its own. */
const TIMEOUT_MS = 8000;

/** Where everybody is asked and told: the buyers by their ids, and the seller where it wants to be told. */
export interface Places {
  buyers: ReadonlyMap<string, Addresses>;
  /** Of outside services, by name. */
  services: ReadonlyMap<string, string>;
  postback: string | undefined;
}

/**
 * The market of a scenario.
 * @throws Error with the faults that the market file's own reader finds, and the file that it read
 */
export function composeMarket(terms: MarketInScenario, places: Places): Terms {
  const file = composeFile(terms, places);
  const read = parseMarket(file);
  if ('market' in read) return read.market;
  const faults = read.faults.map((fault) => faultText('market', fault));
  throw new Error([`The scenario's terms make no market:`, ...faults, '', file].join('\n'));
}

/** Makes the market file that a scenario leaves out the dull half of: ids, names, addresses. */
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

/** A seller's further addresses: paths of its only server. */
function further(seller: MarketInScenario['seller'], url: string): object {
  const { also } = asMap(seller?.postback) as { also?: unknown };
  return Array.isArray(also) ? { also: also.map((path) => new URL(String(path), url).href) } : {};
}

/** A check that names no address is made by the scenario's service of its name. */
function withServices(terms: object, services: ReadonlyMap<string, string>): object {
  if (!('checks' in terms) || !Array.isArray(terms.checks)) return terms;
  const checks = terms.checks.map((check: { name?: string }) => ({
    url: services.get(check.name ?? ''),
    ...check,
  }));
  return { ...terms, checks };
}

const asMap = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
