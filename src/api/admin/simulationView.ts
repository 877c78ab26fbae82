import Type from 'typebox';
import { toDecimal, type Minor } from '../../market/money.js';
import { compareBuyers, type BuyerCompared, type Compared, type Tally } from '../../market/whatIf/tally.js';
import type { WhatIf } from '../../market/whatIf/whatIf.js';
import { Changed } from './changes.js';

/**
 * No figure of fewer leads is given away by the API: a handful of leads is a handful of persons. On the database itself
 * nothing is kept back (docs/decisions/simulated-figures.md).
 */
export const FEWEST_LEADS = 10;

/** Null stands for fewer leads than may be told. */
const Figure = Type.Union([Type.Number(), Type.Null()]);
const Count = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const Both = Type.Object({ before: Type.Number(), after: Type.Number() });

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
    changes: Type.Array(Changed, { description: 'What the change makes of the market' }),
    models: Type.Array(Model, { description: 'Who is taken to bid what, where nobody has asked' }),
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
    without_change: Type.Object(
      { sold_as_before: Count },
      { description: 'How well the past can be told again' },
    ),
    assumed: Type.Object(
      { leads: Count, bid: Count, form: Count, post: Count, check: Count },
      { description: 'How many leads rest on more than buyers have said, in all and by what it is' },
    ),
    currencies: Type.Array(
      Type.Object({
        currency: Type.String(),
        before: TallyView,
        after: TallyView,
        buyers: Type.Array(Type.Object({ buyer: Type.String(), won: Both, spent: Both })),
        others: Type.Optional(
          Type.Object(
            { buyers: Type.Integer({ minimum: 2 }), won: Both, spent: Both },
            { description: 'Buyers of few leads, together' },
          ),
        ),
      }),
    ),
  },
  { $id: 'Simulation', title: 'What would have been sold to whom, beside what was' },
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
  { leads, leftOut, unchanged, assumed, currencies }: Figures,
  fewest: number,
): Pick<SimulationView, 'fewest_leads' | 'leads' | 'left_out' | 'without_change' | 'assumed' | 'currencies'> {
  const shown = (count: number): number | null => (isFew(count, fewest) ? null : count);
  const { bid, form, post, check } = assumed.by;
  const enough = currencies.filter(({ before }) => !isFew(before.leads, fewest));
  return {
    fewest_leads: fewest > 1 ? fewest : undefined,
    leads: fewest > 1 ? enough.reduce((sum, { before }) => sum + before.leads, 0) : leads,
    left_out: { erased: shown(leftOut.erased), unheld: shown(leftOut.unheld) },
    without_change: { sold_as_before: shown(unchanged) },
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

/** None is not few: that nothing was sold is about nobody. */
export const isFew = (count: number, fewest: number): boolean => count > 0 && count < fewest;

function currencyView({ currency, before, after }: WhatIf['currencies'][number], fewest: number): InCurrency {
  const { shown, rest } = withoutFew(compareBuyers(before, after), fewest);
  const inMoney = ({ before: was, after: is }: Compared): Compared => ({
    before: toDecimal(was, currency),
    after: toDecimal(is, currency),
  });
  const sold = isFew(before.sold, fewest) || isFew(after.sold, fewest);
  return {
    currency,
    before: tallyView(before, currency, sold),
    after: tallyView(after, currency, sold),
    buyers: shown.map(({ buyer, won, spent }) => ({ buyer, won, spent: inMoney(spent) })),
    others: rest && { buyers: rest.buyers, won: rest.won, spent: inMoney(rest.spent) },
  };
}

/** @param isSoldFew the sales of either tally are too few to be told, and so is their money */
function tallyView(
  { leads, sold, revenue, earned }: Tally,
  currency: string,
  isSoldFew: boolean,
): InCurrency['before'] {
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
  const larger = all
    .filter((one) => !few.includes(one))
    .sort((a, b) => a.won.before + a.won.after - (b.won.before + b.won.after));
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
  (['before', 'after'] as const).some(
    (when) => isFew(won[when], fewest) || (fewest > 1 && won[when] === 0 && spent[when] !== 0),
  );

function together(buyers: readonly BuyerCompared[]): Together {
  const sum = (of: (one: BuyerCompared) => Compared): Compared => ({
    before: buyers.reduce((total, one) => total + of(one).before, 0),
    after: buyers.reduce((total, one) => total + of(one).after, 0),
  });
  return { buyers: buyers.length, won: sum(({ won }) => won), spent: sum(({ spent }) => spent) };
}
