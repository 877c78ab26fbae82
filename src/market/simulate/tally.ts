import type { Minor } from '../money.js';
import type { PastLead, PastSale } from './past.js';

/** The results of leads in one currency. Money in minor units, net of refunds. */
export interface Tally {
  leads: number;
  /** Leads with a sale that was not returned. */
  sold: number;
  revenue: Minor;
  /** The sellers' part of it; the rest is the house's. */
  earned: Minor;
  buyers: ReadonlyMap<string, BuyerTally>;
}

export interface BuyerTally {
  /** Leads that it bought and did not return. */
  won: number;
  spent: Minor;
}

const NOTHING_WON: BuyerTally = { won: 0, spent: 0 };

/** @param sales of each lead, by its id */
export function tallyOf(
  leads: readonly Pick<PastLead, 'facts'>[],
  sales: ReadonlyMap<string, readonly PastSale[]>,
): Tally {
  const own = leads.map(({ facts }) => sales.get(facts.leadId) ?? []);
  const all = own.flat();
  const buyers = new Map<string, BuyerTally>();
  for (const sale of all) {
    const { won, spent } = buyers.get(sale.buyer) ?? NOTHING_WON;
    buyers.set(sale.buyer, { won: won + (sale.returned ? 0 : 1), spent: spent + paid(sale) });
  }
  return {
    leads: leads.length,
    sold: own.filter((of) => of.some(({ returned }) => returned === undefined)).length,
    revenue: all.reduce((sum, sale) => sum + paid(sale), 0),
    earned: all.reduce((sum, { earns, returned }) => sum + earns - (returned?.sellerPays ?? 0), 0),
    buyers,
  };
}

const paid = ({ price, returned }: PastSale): Minor => price - (returned?.buyerGets ?? 0);

/**
 * The same leads in three variants. `booked`: as in the ledger. `unchanged`: decided again without the change.
 * `changed`: decided again with it. The effect of the change is `changed` minus `unchanged`; `booked` minus
 * `unchanged` is the error of the simulation.
 */
export interface Compared<T> {
  booked: T;
  unchanged: T;
  changed: T;
}

export const COLUMNS = ['booked', 'unchanged', 'changed'] as const satisfies (keyof Compared<never>)[];

export const mapCompared = <A, B>(of: Compared<A>, what: (one: A) => B): Compared<B> => ({
  booked: what(of.booked),
  unchanged: what(of.unchanged),
  changed: what(of.changed),
});

export interface BuyerCompared {
  buyer: string;
  won: Compared<number>;
  spent: Compared<number>;
}

/** Every buyer of any variant, sorted by spend with the change, highest first. */
export function compareBuyers(tallies: Compared<Tally>): BuyerCompared[] {
  const buyers = new Set(COLUMNS.flatMap((column) => [...tallies[column].buyers.keys()]));
  return [...buyers]
    .map((buyer): BuyerCompared => {
      const own = mapCompared(tallies, ({ buyers: of }) => of.get(buyer) ?? NOTHING_WON);
      return {
        buyer,
        won: mapCompared(own, ({ won }) => won),
        spent: mapCompared(own, ({ spent }) => spent),
      };
    })
    .sort(
      (a, b) =>
        b.spent.changed - a.spent.changed ||
        b.spent.unchanged - a.spent.unchanged ||
        b.spent.booked - a.spent.booked ||
        (a.buyer < b.buyer ? -1 : 1),
    );
}

/** The number of leads that were sold to the same buyers at the same prices. */
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
