import type { Minor } from '../money.js';
import type { PastLead, PastSale } from './past.js';

/** What came of leads, in one currency. Money in minor units, less what was given back with returns. */
export interface Tally {
  leads: number;
  /** Bought by somebody who kept them. */
  sold: number;
  /** What buyers paid. */
  revenue: Minor;
  /** What of it sellers earned; the rest is the house's. */
  earned: Minor;
  buyers: ReadonlyMap<string, BuyerTally>;
}

export interface BuyerTally {
  /** Leads that it bought and kept. */
  won: number;
  spent: Minor;
}

const NOTHING_WON: BuyerTally = { won: 0, spent: 0 };

/** What came of the leads, by currency. */
export function tallies(
  leads: readonly Pick<PastLead, 'facts' | 'currency'>[],
  sales: ReadonlyMap<string, readonly PastSale[]>,
): Map<string, Tally> {
  const currencies = [...new Set(leads.map(({ currency }) => currency))].sort();
  return new Map(
    currencies.map((currency) => {
      const own = leads.filter((lead) => lead.currency === currency);
      return [currency, tallyOf(own.map(({ facts }) => sales.get(facts.leadId) ?? []))];
    }),
  );
}

/** @param leads the sales of each */
function tallyOf(leads: readonly (readonly PastSale[])[]): Tally {
  const all = leads.flat();
  const buyers = new Map<string, BuyerTally>();
  for (const sale of all) {
    const { won, spent } = buyers.get(sale.buyer) ?? NOTHING_WON;
    buyers.set(sale.buyer, { won: won + (sale.returned ? 0 : 1), spent: spent + paid(sale) });
  }
  return {
    leads: leads.length,
    sold: leads.filter((sales) => sales.some(({ returned }) => returned === undefined)).length,
    revenue: all.reduce((sum, sale) => sum + paid(sale), 0),
    earned: all.reduce((sum, { earns, returned }) => sum + earns - (returned?.sellerPays ?? 0), 0),
    buyers,
  };
}

const paid = ({ price, returned }: PastSale): Minor => price - (returned?.buyerGets ?? 0);

/** One figure before and after. */
export interface Compared {
  before: number;
  after: number;
}

export interface BuyerCompared {
  buyer: string;
  won: Compared;
  spent: Compared;
}

/** Every buyer of either tally, those who spend most after the change first. */
export function compareBuyers(before: Tally, after: Tally): BuyerCompared[] {
  const buyers = [...new Set([...before.buyers.keys(), ...after.buyers.keys()])];
  return buyers
    .map((buyer) => {
      const [was, is] = [before, after].map(({ buyers: of }) => of.get(buyer) ?? NOTHING_WON);
      const both = (key: keyof BuyerTally): Compared => ({ before: was?.[key] ?? 0, after: is?.[key] ?? 0 });
      return { buyer, won: both('won'), spent: both('spent') };
    })
    .sort(
      (a, b) =>
        b.spent.after - a.spent.after || b.spent.before - a.spent.before || (a.buyer < b.buyer ? -1 : 1),
    );
}

/** How many leads were sold to the same buyers at the same prices. */
export function sameSales(
  leads: readonly Pick<PastLead, 'facts'>[],
  one: ReadonlyMap<string, readonly PastSale[]>,
  other: ReadonlyMap<string, readonly PastSale[]>,
): number {
  const words = (sales: readonly PastSale[] = []): string =>
    sales
      .map(({ contract, price, earns, returned }) =>
        [contract, price, earns, returned?.buyerGets ?? 0].join(),
      )
      .sort()
      .join(';');
  return leads.filter(({ facts }) => words(one.get(facts.leadId)) === words(other.get(facts.leadId))).length;
}
