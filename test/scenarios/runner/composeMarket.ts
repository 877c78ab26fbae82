import { stringify } from 'yaml';
import { faultText } from '../../../src/market/file/fault.js';
import { parseMarket, type Market } from '../../../src/market/file/parseMarket.js';
import type { Scenario } from './schema.js';

/** A scenario's terms, which ops may change while it runs. */
export type MarketInScenario = Pick<Scenario, 'seller' | 'campaign' | 'contracts' | 'buyers'>;

/** Where a buyer's server is asked; absent: it is not asked, and its contract needs a price. */
export interface Addresses {
  ping: string | undefined;
  post: string;
}

export const SELLER = 'ACME1234';
export const CATEGORY = 'Auto Insurance';

/** Long enough for a slow machine; a scenario about timeouts sets its own. */
const TIMEOUT_MS = 8000;

/** Where everybody is asked and told: the buyers by their ids, and the seller where it wants to be told. */
export interface Places {
  buyers: ReadonlyMap<string, Addresses>;
  postback: string | undefined;
}

/**
 * Makes the market file that a scenario leaves out the dull half of: ids, names, addresses.
 * @throws Error with the faults that the market file's own reader finds, and the file that it read
 */
export function composeMarket(terms: MarketInScenario, { buyers, postback }: Places): Market {
  const contracts = Object.entries(terms.contracts ?? {}).flatMap(([id, contract]) =>
    contract === null ? [] : [{ buyer: id, ...contract }],
  );
  const file = stringify({
    sellers: [
      {
        code: SELLER,
        slug: 'acme-insurance',
        name: 'Acme Insurance Leads',
        ...(postback !== undefined && { postback: { url: postback } }),
        ...terms.seller,
      },
    ],
    buyers: [...buyers].map(([id, { ping, post }]) => {
      const { ping: pingTerms, post: postTerms, notices, ...rest } = terms.buyers?.[id] ?? {};
      return {
        id,
        name: id,
        ...(ping !== undefined && { ping: { url: ping, timeoutMs: TIMEOUT_MS, ...asMap(pingTerms) } }),
        post: { url: post, timeoutMs: TIMEOUT_MS, ...asMap(postTerms) },
        ...(notices !== undefined && { notices: { url: post, timeoutMs: TIMEOUT_MS, ...asMap(notices) } }),
        ...rest,
      };
    }),
    campaigns: [{ seller: SELLER, category: CATEGORY, ...terms.campaign, contracts }],
  });
  const read = parseMarket(file);
  if ('market' in read) return read.market;
  const faults = read.faults.map((fault) => faultText('market', fault));
  throw new Error([`The scenario's terms make no market:`, ...faults, '', file].join('\n'));
}

const asMap = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
