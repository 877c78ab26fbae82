import type { Market, Pausable } from '../model/market.js';
import { isPaused } from '../model/pause.js';
import { decideAgain, type Elsewhere, type Pause } from './decideAgain.js';
import type { BidModel } from '../model/distributions.js';
import type { PastLead, PastSale } from './past.js';
import { compileCampaigns } from './compiledCampaigns.js';
import { mapCompared, sameSales, tallyOf, type Compared, type Tally } from './tally.js';
import { observeAnswers, type Assumption } from './buyerModel.js';

/** The results of past leads under changed terms, compared with the real ones. */
export interface WhatIf {
  currencies: { currency: string; tallies: Compared<Tally> }[];
  leads: number;
  /** The number of them whose result without the change equals the booked one. */
  asBooked: number;
  /** The number of results with the change that rest on assumptions, in total and by assumption. */
  assumed: { leads: number; by: Record<Assumption, number> };
}

/**
 * Decides past leads again, with a change of terms and without it. The market may have changed since the leads were
 * sold, so a comparison with the ledger would not show the effect of the change alone.
 * @param limits `until`: nothing is decided after it, UTC ms; `pause`: see `decideAgain`
 */
export async function whatIf(
  leads: readonly PastLead[],
  elsewhere: Elsewhere,
  { before, after, models }: { before: Market; after: Market; models: ReadonlyMap<string, BidModel> },
  { until, pause }: { until: number; pause?: Pause },
): Promise<WhatIf> {
  const measured = observeAnswers(leads);
  const again = { leads, until };
  const books = new Map(leads.map(({ facts, sales }) => [facts.leadId, sales]));
  const without = await decideAgain(
    {
      ...again,
      elsewhere,
      market: compileCampaigns(withoutOldPauses(before, until)),
      buyerModel: { measured, models: new Map() },
    },
    pause,
  );
  const { sales: changed, assumed } = await decideAgain(
    {
      ...again,
      elsewhere: { ...elsewhere, payments: [...elsewhere.payments, ...paidIn(before, after)] },
      market: compileCampaigns(withoutOldPauses(after, until)),
      buyerModel: { measured, models },
    },
    pause,
  );
  return {
    currencies: inCurrencies(leads, { booked: books, unchanged: without.sales, changed }),
    leads: leads.length,
    asBooked: sameSales(leads, books, without.sales),
    assumed: { leads: assumed.size, by: counted(assumed) },
  };
}

/**
 * The market without pauses that have ended. All leads are decided under the current market, and a lead from before
 * the end of a pause would otherwise not be sold.
 */
function withoutOldPauses({ sellers, buyers, campaigns, contracts }: Market, now: number): Market {
  const current = <T extends Pausable>(all: T[]): T[] =>
    all.map((one) => ({ ...one, pausedUntil: isPaused(one, now) ? one.pausedUntil : undefined }));
  return { sellers, buyers: current(buyers), campaigns: current(campaigns), contracts: current(contracts) };
}

type Sales = ReadonlyMap<string, readonly PastSale[]>;

function inCurrencies(leads: readonly PastLead[], sales: Compared<Sales>): WhatIf['currencies'] {
  const currencies = [...new Set(leads.map(({ currency }) => currency))].sort();
  return currencies.map((currency) => {
    const own = leads.filter((lead) => lead.currency === currency);
    return { currency, tallies: mapCompared(sales, (of) => tallyOf(own, of)) };
  });
}

/** Additional payments of prepaid buyers under the change, booked before the first sale. */
const paidIn = (before: Market, after: Market): Elsewhere['payments'] => {
  const was = new Map(before.buyers.map(({ id, balance = 0 }) => [id, balance]));
  return after.buyers.flatMap(({ id, balance }) =>
    balance === undefined ? [] : [{ buyer: id, amount: balance - (was.get(id) ?? 0), at: 0 }],
  );
};

function counted(assumed: ReadonlyMap<string, ReadonlySet<Assumption>>): Record<Assumption, number> {
  const count = (what: Assumption): number => [...assumed.values()].filter((all) => all.has(what)).length;
  return { bid: count('bid'), form: count('form'), post: count('post'), check: count('check') };
}
