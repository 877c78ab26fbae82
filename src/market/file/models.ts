import Type from 'typebox';
import Value from 'typebox/value';
import { toMinor } from '../money.js';
import type { Contract } from '../terms.js';
import type { BidModel } from '../whatIf/model.js';
import { campaignId, type Terms } from './build.js';
import { checkAmount } from './checks.js';
import { DEFAULTS } from './defaults.js';
import type { Path, Report } from './fault.js';
import { listOf, type Keys } from './keys.js';
import { Price } from './values.js';

const Percent = Type.Number({
  title: 'a percentage (a number from 0 to 100)',
  examples: ['60'],
  minimum: 0,
  maximum: 100,
});

/** What a buyer would do that nobody has asked. */
export const ModelInFile = Type.Object(
  {
    lowest: Type.Optional(Price),
    highest: Type.Optional(Price),
    bidsOn: Type.Optional(Percent),
    accepts: Type.Optional(Percent),
  },
  { title: 'a bid model', minProperties: 1 },
);

/** A contract that a change names, and the model that it gives it. */
interface Modelled {
  id: string;
  path: Path;
  model: unknown;
}

/** The change without its models, which are no part of a market, and the models. */
export function takeModels(change: Keys): { change: Keys; models: Modelled[] } {
  const models: Modelled[] = [];
  const campaigns = listOf(change.campaigns).map((campaign, i) => ({
    ...campaign,
    ...('contracts' in campaign && {
      contracts: listOf(campaign.contracts).map(({ model, ...contract }, j) => {
        const of = campaignId(String(campaign.seller), String(campaign.category));
        const path = ['campaigns', i, 'contracts', j];
        models.push({ id: `${of}/${String(contract.buyer)}`, path, model });
        return contract;
      }),
    }),
  }));
  return { change: { ...change, ...('campaigns' in change && { campaigns }) }, models };
}

/** The models by contract. Reports what is wrong with them, and new contracts whose bids nobody could know. */
export function readModels(
  models: readonly Modelled[],
  terms: Terms,
  before: Terms,
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
      const made = modelOf(model, contract, currency, [...path, 'model'], report);
      if (made) read.set(id, made);
    }
  }
  return read;
}

const UNKNOWN =
  'is new and has no price, so nobody knows what it would bid; add a model, like model: { lowest: 20.00, highest: 30.00, bidsOn: 60 }';

const hasPrice = ({ price, sharedPrice }: Contract): boolean =>
  price !== undefined || sharedPrice !== undefined;

function modelOf(
  { lowest, highest, bidsOn = 100, accepts = 100 }: Type.Static<typeof ModelInFile>,
  contract: Contract,
  currency: string,
  path: Path,
  report: Report,
): BidModel | undefined {
  if (hasPrice(contract)) {
    if (lowest === undefined && highest === undefined) return { bidsOn, accepts };
    report(path, 'has bids, and the contract has a price; keep one of them');
    return undefined;
  }
  if (lowest === undefined) {
    report([...path, 'lowest'], 'is missing; a model of bids needs it');
    return undefined;
  }
  checkAmount(lowest, currency, [...path, 'lowest'], report);
  if (highest !== undefined) checkAmount(highest, currency, [...path, 'highest'], report);
  const most = highest ?? lowest;
  if (lowest > most) report(path, `goes from ${lowest} down to ${most}; swap them`);
  const bids = { lowest: toMinor(lowest, currency), highest: toMinor(most, currency) };
  if (bids.lowest === undefined || bids.highest === undefined) return undefined;
  return { bids: { lowest: bids.lowest, highest: bids.highest }, bidsOn, accepts };
}
