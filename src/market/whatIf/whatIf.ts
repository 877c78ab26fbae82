import type { Terms } from '../file/build.js';
import { decideAgain, type Elsewhere } from './decideAgain.js';
import type { BidModel } from './model.js';
import type { PastLead } from './past.js';
import { readyMarkets } from './readyMarkets.js';
import type { Steps } from './steps.js';
import { sameSales, tallies, type Tally } from './tally.js';
import { ASSUMPTIONS, measure, type Assumption } from './voices.js';

/** What would have become of leads under other terms, beside what became of them. */
export interface WhatIf {
  /** By currency. */
  currencies: { currency: string; before: Tally; after: Tally }[];
  /** How many leads were decided again. */
  leads: number;
  /** How many of them would have been sold as they were without the change: how well the past can be told again. */
  unchanged: number;
  /** How many rest on more than buyers have said, in all and by what it is. */
  assumed: { leads: number; by: Record<Assumption, number> };
}

/** A market as it is and as a change would make it. */
export interface Proposal {
  before: Terms;
  after: Terms;
  models: ReadonlyMap<string, BidModel>;
}

/**
 * Decides past leads again under changed terms. Before is what the books say; beside it the leads are decided again without
 * the change, too, since the market may have changed in the meantime.
 * @param until nothing is decided after it, UTC ms
 */
export function* whatIf(
  leads: readonly PastLead[],
  elsewhere: Elsewhere,
  { before, after, models }: Proposal,
  until: number,
): Steps<WhatIf> {
  const measured = measure(leads);
  const again = { leads, until };
  const books = new Map(leads.map(({ facts, sales }) => [facts.leadId, sales]));
  const same = yield* decideAgain({
    ...again,
    elsewhere,
    market: readyMarkets(before),
    voices: { measured, models: new Map() },
  });
  const { sales, assumed } = yield* decideAgain({
    ...again,
    elsewhere: { ...elsewhere, payments: [...elsewhere.payments, ...paidIn(before, after)] },
    market: readyMarkets(after),
    voices: { measured, models },
  });
  const is = tallies(leads, sales);
  return {
    currencies: [...tallies(leads, books)].flatMap(([currency, tally]) => {
      const now = is.get(currency);
      return now ? [{ currency, before: tally, after: now }] : [];
    }),
    leads: leads.length,
    unchanged: sameSales(leads, books, same.sales),
    assumed: { leads: assumed.size, by: counted(assumed) },
  };
}

/** What prepaid buyers would have paid in beyond what they did: before anything was sold. */
const paidIn = (before: Terms, after: Terms): Elsewhere['payments'] => {
  const was = new Map(before.buyers.map(({ id, balance = 0 }) => [id, balance]));
  return after.buyers.flatMap(({ id, balance }) => {
    const amount = (balance ?? 0) - (was.get(id) ?? 0);
    return balance === undefined || amount === 0 ? [] : [{ buyer: id, amount, at: 0 }];
  });
};

function counted(assumed: ReadonlyMap<string, ReadonlySet<Assumption>>): Record<Assumption, number> {
  const count = (what: Assumption): number => [...assumed.values()].filter((all) => all.has(what)).length;
  const [bid, form, post, check] = ASSUMPTIONS.map(count);
  return { bid: bid ?? 0, form: form ?? 0, post: post ?? 0, check: check ?? 0 };
}
