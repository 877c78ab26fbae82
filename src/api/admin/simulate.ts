import Type from 'typebox';
import { faultCount } from '../../market/file/fault.js';
import { parseChange, type ChangedMarket } from '../../market/file/parseChange.js';
import type { Terms } from '../../market/file/build.js';
import { toDecimal, type Minor } from '../../market/money.js';
import { compareBuyers, type Tally } from '../../market/whatIf/tally.js';
import { whatIf, type WhatIf } from '../../market/whatIf/whatIf.js';
import { planApply } from '../../store/applyPlan.js';
import { readMarket, termsOf } from '../../store/readMarket.js';
import { readOnly } from '../../store/readOnly.js';
import { readPast } from '../../store/readPast.js';
import { ApiError } from '../apiError.js';
import { Changed, invalidFile, withoutSecret } from './changes.js';
import { dateOf, Moment } from './inputs.js';
import { inTurns } from './inTurns.js';
import { operation, type AdminContext } from './operation.js';

const Count = Type.Integer({ minimum: 0 });
const Compared = Type.Object({ before: Type.Number(), after: Type.Number() });

const TallyView = Type.Object({
  leads: Count,
  sold: Count,
  revenue: Type.Number({ description: 'What buyers pay, less what they were given back' }),
  sellers_earn: Type.Number(),
  house_keeps: Type.Number(),
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

const Simulation = Type.Object(
  {
    since: Type.String(),
    until: Type.String(),
    changes: Type.Array(Changed, { description: 'What the change makes of the market' }),
    models: Type.Array(Model, { description: 'Who is taken to bid what, where nobody has asked' }),
    leads: Type.Integer({ minimum: 0, description: 'How many were decided again' }),
    left_out: Type.Object({
      erased: Type.Integer({ minimum: 0, description: 'Leads whose persons were erased' }),
      unheld: Type.Integer({ minimum: 0, description: 'Leads for which no round was held' }),
    }),
    without_change: Type.Object({
      sold_as_before: Type.Integer({ minimum: 0, description: 'How well the past can be told again' }),
    }),
    assumed: Type.Object(
      { leads: Count, bid: Count, form: Count, post: Count, check: Count },
      { description: 'How many leads rest on more than buyers have said, in all and by what it is' },
    ),
    currencies: Type.Array(
      Type.Object({
        currency: Type.String(),
        before: TallyView,
        after: TallyView,
        buyers: Type.Array(Type.Object({ buyer: Type.String(), won: Compared, spent: Compared })),
      }),
    ),
  },
  { $id: 'Simulation', title: 'What would have been sold to whom, beside what was' },
);
export type SimulationView = Type.Static<typeof Simulation>;

/** Of a process that others wait for. */
const MOST_DAYS = 31;
const MOST_LEADS = 50_000;
const DAY_MS = 86_400_000;

let isUnderWay = false;

export const simulate = operation({
  id: 'simulate',
  summary: 'Decide past auctions again under changed terms; it sends nothing to anyone and changes nothing',
  tag: 'Market',
  method: 'POST',
  path: '/admin/simulate',
  scope: 'simulations:read',
  input: Type.Object(
    {
      file: Type.String({ description: 'What changes, as a part of a market file, in YAML or JSON' }),
      since: Moment(`Leads received since; at most ${MOST_DAYS} days ago`),
    },
    { title: 'the request' },
  ),
  takesFile: true,
  longestBody: 2 * 1024 * 1024,
  output: Simulation,
  failures: ['invalidMarket', 'conflict'],
  async run(context, { file, since }) {
    const period = { since: dateOf(since), until: new Date() };
    if (!context.isShared) return simulated(context, period, file);
    if (period.until.getTime() - period.since.getTime() > MOST_DAYS * DAY_MS) throw tooMuch();
    if (isUnderWay) throw busy();
    isUnderWay = true;
    try {
      return await simulated(context, period, file);
    } finally {
      isUnderWay = false;
    }
  },
});

const tooMuch = (): ApiError =>
  new ApiError(
    'invalidField',
    `A simulation goes back ${MOST_DAYS} days and has ${MOST_LEADS} leads at the most. Name a later \`since\`, or let \`gavel simulate\` do it where the database is.`,
  );

const busy = (): ApiError =>
  new ApiError('unavailable', 'Another simulation is under way. Ask again after Retry-After seconds.', {
    headers: { 'retry-after': 5 },
  });

/** From the market and the change to what would have come of it; from here on nothing can be written. */
async function simulated(
  { database, isShared, tell = () => undefined }: AdminContext,
  period: { since: Date; until: Date },
  file: string,
): Promise<SimulationView> {
  const reading = readOnly(database);
  const stored = await readMarket(reading);
  const before = termsOf(stored);
  const { terms: after, models } = changedBy(file, before);
  const { changes } = planApply(stored, after, false, () => '');
  const real = changes.filter(({ change }) => change === 'created' || change === 'changed');
  if (real.length === 0 && models.size === 0)
    throw new ApiError('conflict', 'The change changes nothing: the market is as it says already.');
  const past = await readPast(reading, period, [before, after], (count) => {
    if (isShared && count > MOST_LEADS) throw tooMuch();
    tell(`reading leads: ${count}`);
  });
  tell(`deciding ${past.leads.length} leads again`);
  const result = await inTurns(
    whatIf(past.leads, past.elsewhere, { before, after, models }, period.until.getTime()),
  );
  return {
    since: period.since.toISOString(),
    until: period.until.toISOString(),
    changes: real.map(withoutSecret),
    models: modelsIn({ terms: after, models }),
    leads: result.leads,
    left_out: past.leftOut,
    without_change: { sold_as_before: result.unchanged },
    assumed: { leads: result.assumed.leads, ...result.assumed.by },
    currencies: result.currencies.map(currencyView),
  };
}

function changedBy(text: string, market: Terms): ChangedMarket {
  const parsed = parseChange(text, market);
  if ('changed' in parsed) return parsed.changed;
  throw invalidFile(`The change has ${faultCount(parsed.faults)}; nothing was decided.`, parsed.faults);
}

function modelsIn({ terms, models }: ChangedMarket): SimulationView['models'] {
  const currencyOf = new Map(terms.campaigns.map(({ id, currency }) => [id, currency]));
  return terms.contracts.flatMap(({ id, campaign }) => {
    const model = models.get(id);
    const currency = currencyOf.get(campaign);
    if (model === undefined || currency === undefined) return [];
    const { bids, sharedBids, bidsOn, accepts } = model;
    const amount = (minor: Minor) => toDecimal(minor, currency);
    return {
      contract: id,
      currency,
      ...(bids && { lowest: amount(bids.lowest), highest: amount(bids.highest) }),
      ...(sharedBids && {
        shared_lowest: amount(sharedBids.lowest),
        shared_highest: amount(sharedBids.highest),
      }),
      bids_on_percent: bidsOn,
      accepts_percent: accepts,
    };
  });
}

const currencyView = ({ currency, before, after }: WhatIf['currencies'][number]) => ({
  currency,
  before: tallyView(before, currency),
  after: tallyView(after, currency),
  buyers: compareBuyers(before, after).map(({ buyer, won, spent }) => ({
    buyer,
    won,
    spent: { before: toDecimal(spent.before, currency), after: toDecimal(spent.after, currency) },
  })),
});

const tallyView = ({ leads, sold, revenue, earned }: Tally, currency: string) => ({
  leads,
  sold,
  revenue: toDecimal(revenue, currency),
  sellers_earn: toDecimal(earned, currency),
  house_keeps: toDecimal(revenue - earned, currency),
});
