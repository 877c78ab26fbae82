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
 * No figure of fewer leads is given away by the API: a handful of leads is a handful of persons. On the database itself
 * nothing is withheld (docs/decisions/simulated-figures.md).
 */
export const MIN_LEADS_SHOWN = 10;

/** Null: of fewer leads than may be shown. */
const Figure = Type.Union([Type.Number(), Type.Null()]);
const Count = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const Three = Type.Object({ booked: Type.Number(), unchanged: Type.Number(), changed: Type.Number() });

const TallyView = Type.Object({
  leads: Type.Integer({ minimum: 0 }),
  sold: Count,
  revenue: Type.Union([Type.Number(), Type.Null()], {
    description: 'What buyers pay, less what they were given back',
  }),
  sellers_earn: Figure,
  house_keeps: Figure,
});

const Model = Type.Object({
  contract: Type.String(),
  currency: Type.String(),
  lowest: Type.Optional(Type.Number()),
  highest: Type.Optional(Type.Number()),
  shared_lowest: Type.Optional(Type.Number({ description: 'For a place in a shared sale' })),
  shared_highest: Type.Optional(Type.Number()),
  bids_on_percent: Type.Number(),
  accepts_percent: Type.Number(),
});

export const Simulation = Type.Object(
  {
    since: Type.String(),
    until: Type.String(),
    campaigns: Type.Array(Type.String(), {
      description: 'Campaigns that the change concerns; only their leads are decided again',
    }),
    changes: Type.Array(ChangeSchema, { description: 'What the change makes of the market' }),
    models: Type.Array(Model, {
      description: 'What buyers are assumed to do with leads that they were not asked about',
    }),
    fewest_leads: Type.Optional(
      Type.Integer({ description: 'Figures of fewer leads are not shown: they are null, or put together' }),
    ),
    leads: Type.Integer({ minimum: 0, description: 'How many were decided again' }),
    left_out: Type.Object(
      { erased: Count, unheld: Count },
      {
        description: 'Leads whose persons were erased, and leads for which no round was held',
      },
    ),
    unchanged_as_booked: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'How many come out as booked when they are decided again without the change',
    }),
    assumed: Type.Object(
      { leads: Count, bid: Count, form: Count, post: Count, check: Count },
      {
        description:
          'How many results with the change rest on more than buyers have said, in all and by what it is',
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
            { description: 'Buyers of few leads, together' },
          ),
        ),
      }),
      {
        description:
          'By currency, the same leads three times: as booked, decided again without the change, decided again with it. The effect of the change is `changed` less `unchanged`',
      },
    ),
  },
  { $id: 'Simulation', title: 'What leads would have been sold for, with a change and without it' },
);
export type SimulationView = Type.Static<typeof Simulation>;
export type ModelView = Type.Static<typeof Model>;
type InCurrency = SimulationView['currencies'][number];

/** What came of deciding leads again, and which could not be. */
export interface Figures extends WhatIf {
  leftOut: { erased: number; unheld: number };
}

/**
 * The figures of a simulation.
 * @param fewest no figure of fewer leads is shown; 1: every one is
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
    left_out: { erased: shown(leftOut.erased), unheld: shown(leftOut.unheld) },
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

/** Names a few of many campaigns. */
export const abbreviateList = (campaigns: readonly string[]): string =>
  campaigns.length <= MOST_NAMED
    ? campaigns.join(', ')
    : `${campaigns.slice(0, MOST_NAMED).join(', ')} and ${campaigns.length - MOST_NAMED} more`;

const MOST_NAMED = 5;

/** None is not few: that nothing was sold is about nobody. */
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

/** @param isSoldFew the sales of some column are too few to be shown, and so is the money of all */
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
 * Buyers of few leads are put together, with as many of the next larger ones as it takes: from the sums nobody finds out
 * the part of a single one. What is left after all buyers is left out.
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

/** What was spent on leads that were given back is about few as well. */
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
