import Type from 'typebox';
import Value from 'typebox/value';
import { toMinor } from '../money.js';
import { campaignId, type Contract, type Market } from '../model/market.js';
import type { PriceRange, BidModel } from '../model/distributions.js';
import { checkAmount } from './marketChecks.js';
import { asText, DEFAULTS, isMap, type Keys } from './keys.js';
import type { Path, Report } from './fault.js';
import { Price } from './values.js';

const Percent = Type.Number({
  title: 'a percentage (a number from 0 to 100)',
  examples: ['60'],
  minimum: 0,
  maximum: 100,
});

/** What a buyer would do with leads that it was not asked about. */
export type ModelInFile = Type.Static<typeof ModelInFile>;
export const ModelInFile = Type.Object(
  {
    lowest: Type.Optional(Price),
    highest: Type.Optional(Price),
    sharedLowest: Type.Optional(Price),
    sharedHighest: Type.Optional(Price),
    bidsOn: Type.Optional(Percent),
    accepts: Type.Optional(Percent),
  },
  { title: 'a bid model', minProperties: 1 },
);

/** A contract that a change names, and the model that it gives it. */
export interface Modelled {
  id: string;
  path: Path;
  model: unknown;
}

/** The change without its models, which are not part of a market, and the models. */
export function takeModels(change: Keys): { change: Keys; models: Modelled[] } {
  const models: Modelled[] = [];
  const campaigns = mapEntries(change.campaigns, (campaign, i) => ({
    ...campaign,
    ...('contracts' in campaign && {
      contracts: mapEntries(campaign.contracts, ({ model, ...contract }, j) => {
        const of = campaignId(asText(campaign.seller), asText(campaign.category));
        const path = ['campaigns', i, 'contracts', j];
        models.push({ id: `${of}/${asText(contract.buyer)}`, path, model });
        return contract;
      }),
    }),
  }));
  return { change: { ...change, ...('campaigns' in change && { campaigns }) }, models };
}

/** The list with its maps changed; anything else is kept, for its fault to be found. */
const mapEntries = (list: unknown, mapped: (map: Keys, i: number) => Keys): unknown =>
  Array.isArray(list)
    ? list.map((entry: unknown, i): unknown => (isMap(entry) ? mapped(entry, i) : entry))
    : list;

/** The models by contract. Reports faults in them, and new contracts with unknown bids. */
export function readModels(
  models: readonly Modelled[],
  terms: Market,
  before: Market,
  report: Report,
): ReadonlyMap<string, BidModel> {
  const contracts = new Map(terms.contracts.map((contract) => [contract.id, contract]));
  const currencies = new Map(terms.campaigns.map(({ id, currency }) => [id, currency]));
  const known = new Set(before.contracts.map(({ id }) => id));
  const read = new Map<string, BidModel>();
  for (const { id, path, model } of models) {
    const contract = contracts.get(id);
    if (contract === undefined) continue;
    if (model === undefined) {
      if (!known.has(id) && !hasPrice(contract)) report(path, UNKNOWN);
    } else if (Value.Check(ModelInFile, model)) {
      const currency = currencies.get(contract.campaign) ?? DEFAULTS.currency;
      const made = modelOf({ model, currency, path: [...path, 'model'] }, contract, report);
      if (made) read.set(id, made);
    }
  }
  return read;
}

const UNKNOWN =
  'is new and has no price, so its bids are unknown; add a model, like model: { lowest: 20.00, highest: 30.00, bidsOn: 60 }';

const hasPrice = ({ price, sharedPrice }: Contract): boolean =>
  price !== undefined || sharedPrice !== undefined;

/** A model in a change. */
interface GivenModel {
  model: ModelInFile;
  currency: string;
  path: Path;
}

function modelOf(given: GivenModel, contract: Contract, report: Report): BidModel | undefined {
  const { lowest, highest, sharedLowest, sharedHighest, bidsOn = 100, accepts = 100 } = given.model;
  const bidding = [lowest, highest, sharedLowest, sharedHighest].some((amount) => amount !== undefined);
  if (hasPrice(contract)) {
    if (!bidding) return { bidsOn, accepts };
    report(given.path, 'has bids, and the contract has a price; keep one of them');
    return undefined;
  }
  // A buyer may want places alone.
  const wantsLeads = sharedLowest === undefined || highest !== undefined;
  const bids =
    lowest === undefined && !wantsLeads ? undefined : amountsOf(given, ['lowest', 'highest'], report);
  const hasPlaces = sharedLowest !== undefined || sharedHighest !== undefined;
  const sharedBids = hasPlaces ? amountsOf(given, ['sharedLowest', 'sharedHighest'], report) : undefined;
  return { bids, sharedBids, bidsOn, accepts };
}

type AmountKeys = [lowest: 'lowest' | 'sharedLowest', highest: 'highest' | 'sharedHighest'];

function amountsOf(
  { model, currency, path }: GivenModel,
  [lowKey, highKey]: AmountKeys,
  report: Report,
): PriceRange | undefined {
  const { [lowKey]: lowest, [highKey]: highest = lowest } = model;
  if (lowest === undefined || highest === undefined) {
    report([...path, lowKey], 'is missing; a model of bids needs it');
    return undefined;
  }
  checkAmount(lowest, currency, [...path, lowKey], report);
  if (highest !== lowest) checkAmount(highest, currency, [...path, highKey], report);
  if (lowest > highest) report(path, `goes from ${lowest} down to ${highest}; swap them`);
  const amounts = { lowest: toMinor(lowest, currency), highest: toMinor(highest, currency) };
  if (amounts.lowest === undefined || amounts.highest === undefined) return undefined;
  return { lowest: amounts.lowest, highest: amounts.highest };
}
