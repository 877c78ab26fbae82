import Type from 'typebox';
import { toDecimal, type Minor } from '../../market/money.js';
import {
  COLUMNS,
  compareBuyers,
  mapCompared,
  type BuyerCompared,
  type Compared,
  type Tally,
} from '../../market/simulate/tally.js';
import type { WhatIf } from '../../market/simulate/whatIf.js';
import { ChangeSchema } from '../market/marketChanges.js';

/**
 * The API shows no figure of fewer leads, which would reveal persons. Commands on the database itself show all figures
 * (docs/decisions/simulated-figures.md).
 */
export const MIN_LEADS_SHOWN = 10;

/** Null if too few leads are behind it. */
const Figure = Type.Union([Type.Number(), Type.Null()]);
const Count = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const Three = Type.Object({ booked: Type.Number(), unchanged: Type.Number(), changed: Type.Number() });

const TallyView = Type.Object({
  leads: Type.Integer({ minimum: 0 }),
  sold: Count,
  revenue: Type.Union([Type.Number(), Type.Null()], {
    description: 'Payments of buyers, less refunds',
  }),
  sellers_earn: Figure,
  house_keeps: Figure,
});

const Model = Type.Object({
  contract: Type.String(),
  currency: Type.String(),
  lowest: Type.Optional(Type.Number()),
  highest: Type.Optional(Type.Number()),
  shared_lowest: Type.Optional(Type.Number({ description: 'Bid for a place in a shared sale' })),
  shared_highest: Type.Optional(Type.Number()),
  bids_on_percent: Type.Number(),
  accepts_percent: Type.Number(),
});

export const Simulation = Type.Object(
  {
    since: Type.String(),
    until: Type.String(),
    campaigns: Type.Array(Type.String(), {
      description: 'Campaigns that the change affects; only their leads are simulated',
    }),
    changes: Type.Array(ChangeSchema, { description: 'Changes of the market' }),
    models: Type.Array(Model, {
      description: 'Assumptions about buyers for leads that they were not asked about',
    }),
    fewest_leads: Type.Optional(
      Type.Integer({ description: 'Figures of fewer leads are null, or combined' }),
    ),
    leads: Type.Integer({ minimum: 0, description: 'Number of simulated leads' }),
    left_out: Type.Object(
      { erased: Count, without_round: Count },
      {
        description: 'Leads left out: erased, or without a round',
      },
    ),
    unchanged_as_booked: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Number of leads whose simulation without the change matches the booked result',
    }),
    assumed: Type.Object(
      { leads: Count, bid: Count, form: Count, post: Count, check: Count },
      {
        description: 'Number of results with the change that rest on assumptions, in total and by assumption',
      },
    ),
    currencies: Type.Array(
      Type.Object({
        currency: Type.String(),
        booked: TallyView,
        unchanged: TallyView,
        changed: TallyView,
        buyers: Type.Array(Type.Object({ buyer: Type.String(), won: Three, spent: Three })),
        others: Type.Optional(
          Type.Object(
            { buyers: Type.Integer({ minimum: 2 }), won: Three, spent: Three },
            { description: 'Buyers of few leads, combined' },
          ),
        ),
      }),
      {
        description:
          'By currency, the same leads three times: as booked, simulated without the change, and simulated with it. The effect of the change is `changed` minus `unchanged`',
      },
    ),
  },
  { $id: 'Simulation', title: 'Simulated sales with and without a change' },
);
export type SimulationView = Type.Static<typeof Simulation>;
export type ModelView = Type.Static<typeof Model>;
type InCurrency = SimulationView['currencies'][number];

export interface Figures extends WhatIf {
  leftOut: { erased: number; withoutRound: number };
}

/**
 * The figures of a simulation.
 * @param fewest figures of fewer leads are hidden; 1 shows all
 */
export function figuresView(
  { leads, leftOut, asBooked, assumed, currencies }: Figures,
  fewest: number,
): Omit<SimulationView, 'since' | 'until' | 'campaigns' | 'changes' | 'models'> {
  const shown = (count: number): number | null => (isFew(count, fewest) ? null : count);
  const { bid, form, post, check } = assumed.by;
  const enough = currencies.filter(({ tallies }) => !isFew(tallies.booked.leads, fewest));
  return {
    fewest_leads: fewest > 1 ? fewest : undefined,
    leads: fewest > 1 ? enough.reduce((sum, { tallies }) => sum + tallies.booked.leads, 0) : leads,
    left_out: { erased: shown(leftOut.erased), without_round: shown(leftOut.withoutRound) },
    unchanged_as_booked: shown(asBooked),
    assumed: {
      leads: shown(assumed.leads),
      bid: shown(bid),
      form: shown(form),
      post: shown(post),
      check: shown(check),
    },
    currencies: enough.map((one) => currencyView(one, fewest)),
  };
}

export const abbreviateList = (campaigns: readonly string[]): string =>
  campaigns.length <= MAX_NAMED
    ? campaigns.join(', ')
    : `${campaigns.slice(0, MAX_NAMED).join(', ')} and ${campaigns.length - MAX_NAMED} more`;

const MAX_NAMED = 5;

/** Zero is not few: it is about no person. */
export const isFew = (count: number, fewest: number): boolean => count > 0 && count < fewest;

function currencyView({ currency, tallies }: WhatIf['currencies'][number], fewest: number): InCurrency {
  const { shown, rest } = withoutFew(compareBuyers(tallies), fewest);
  const inMoney = (spent: Compared<Minor>): Compared<number> =>
    mapCompared(spent, (minor) => toDecimal(minor, currency));
  const isSoldFew = COLUMNS.some((column) => isFew(tallies[column].sold, fewest));
  return {
    currency,
    ...mapCompared(tallies, (tally) => tallyView(tally, currency, { isSoldFew })),
    buyers: shown.map(({ buyer, won, spent }) => ({ buyer, won, spent: inMoney(spent) })),
    others: rest && { buyers: rest.buyers, won: rest.won, spent: inMoney(rest.spent) },
  };
}

/** @param isSoldFew whether a column has too few sales, which hides sales and money of all columns */
function tallyView(
  { leads, sold, revenue, earned }: Tally,
  currency: string,
  { isSoldFew }: { isSoldFew: boolean },
): InCurrency['booked'] {
  const money = (minor: Minor): number | null => (isSoldFew ? null : toDecimal(minor, currency));
  return {
    leads,
    sold: isSoldFew ? null : sold,
    revenue: money(revenue),
    sellers_earn: money(earned),
    house_keeps: money(revenue - earned),
  };
}

type Together = Pick<BuyerCompared, 'won' | 'spent'> & { buyers: number };

/**
 * Combines buyers of few leads, with as many of the next larger ones as needed, so that the sums do not reveal a single buyer.
 * If even all buyers together are too few, none is shown.
 */
function withoutFew(
  all: readonly BuyerCompared[],
  fewest: number,
): { shown: BuyerCompared[]; rest?: Together } {
  const few = all.filter((one) => isOfFew(one, fewest));
  if (few.length === 0) return { shown: [...all] };
  const larger = all.filter((one) => !few.includes(one)).sort((a, b) => inAll(a.won) - inAll(b.won));
  for (;;) {
    const rest = together(few);
    if (rest.buyers > 1 && !isOfFew(rest, fewest))
      return { shown: all.filter((one) => !few.includes(one)), rest };
    const next = larger.shift();
    if (next === undefined) return { shown: [] };
    few.push(next);
  }
}

/** Spending without sales, on returned leads, is about few leads as well. */
const isOfFew = ({ won, spent }: Pick<BuyerCompared, 'won' | 'spent'>, fewest: number): boolean =>
  COLUMNS.some((one) => isFew(won[one], fewest) || (fewest > 1 && won[one] === 0 && spent[one] !== 0));

const inAll = (figures: Compared<number>): number =>
  COLUMNS.reduce((sum, column) => sum + figures[column], 0);

function together(buyers: readonly BuyerCompared[]): Together {
  const sum = (of: 'won' | 'spent'): Compared<number> => {
    const add = (column: keyof Compared<number>): number =>
      buyers.reduce((total, one) => total + one[of][column], 0);
    return { booked: add('booked'), unchanged: add('unchanged'), changed: add('changed') };
  };
  return { buyers: buyers.length, won: sum('won'), spent: sum('spent') };
}
