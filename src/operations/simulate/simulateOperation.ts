import Type from 'typebox';
import { v7 } from 'uuid';
import { faultCount } from '../../market/file/fault.js';
import { parseChange, type SimulatedMarket } from '../../market/file/parseChange.js';
import type { Campaign, Market } from '../../market/model/market.js';
import { toDecimal, type Minor } from '../../market/money.js';
import { affectedCampaigns, type ChangedPart } from '../../market/simulate/concerned.js';
import { whatIf } from '../../market/simulate/whatIf.js';
import { planApply, type Change } from '../../store/market/applyPlan.js';
import { redactedValues, recordAuditEvent } from '../../store/audit.js';
import type { AuditedValue, AuditEvent } from '../../store/documents.js';
import { readMarket, termsOf } from '../../store/market/readMarket.js';
import { readOnly } from '../../store/readOnly.js';
import { readPast } from '../../store/reports/readPast.js';
import { ApiError } from '../refusal.js';
import { personalFieldsInChange } from './personalFields.js';
import { invalidMarketFile } from '../market/marketChanges.js';
import { dateOf, DateOrTime, SellerName } from '../inputs.js';
import { findSellerByName } from '../findByName.js';
import { runInTimeSlices } from './timeSlices.js';
import { operation, type OperationContext } from '../operation.js';
import {
  MIN_LEADS_SHOWN,
  figuresView,
  isFew,
  abbreviateList,
  Simulation,
  type ModelView,
  type SimulationView,
} from './simulationView.js';

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
      since: DateOrTime(`Leads received since; at most ${MOST_DAYS} days ago`),
      seller: Type.Optional(SellerName),
    },
    { title: 'the request' },
  ),
  takesFile: true,
  maxBodyBytes: 2 * 1024 * 1024,
  output: Simulation,
  failures: ['invalidMarket', 'conflict', 'notFound'],
  async run(context, { file, since, seller }) {
    const code = seller === undefined ? undefined : (await findSellerByName(context.database, seller)).code;
    const asked = { file, since: dateOf(since), until: new Date(), seller: code };
    if (!context.isShared) return simulated(context, asked);
    if (asked.until.getTime() - asked.since.getTime() > MOST_DAYS * DAY_MS) throw tooMuch();
    if (isUnderWay) throw busy();
    isUnderWay = true;
    try {
      return await simulated(context, asked);
    } finally {
      isUnderWay = false;
    }
  },
});

const tooMuch = (): ApiError =>
  new ApiError(
    'invalidField',
    `A simulation goes back ${MOST_DAYS} days and has ${MOST_LEADS} leads at the most. Name a later \`since\`, or run \`gavel simulate\` on a machine that reaches the database.`,
  );

const busy = (): ApiError =>
  new ApiError('unavailable', 'Another simulation is under way. Ask again after Retry-After seconds.', {
    headers: { 'retry-after': 5 },
  });

interface Asked {
  file: string;
  since: Date;
  until: Date;
  /** Only its campaigns are decided again. */
  seller?: string;
}

/** From the market and the change to what would have come of it; from here on nothing can be written. */
async function simulated(
  { database, by, scopes, isShared, onProgress = () => undefined }: OperationContext,
  { file, since, until, seller }: Asked,
): Promise<SimulationView> {
  const reading = readOnly(database);
  const stored = await readMarket(reading);
  const before = termsOf(stored);
  const changed = changedBy(file, before);
  const { terms: after, models } = changed;
  const { changes } = planApply(stored, changed);
  const real = changes.filter(({ change }) => change === 'created' || change === 'changed');
  if (real.length === 0 && models.size === 0)
    throw new ApiError('conflict', 'The change changes nothing: the market is as it says already.');
  const asked = personalFieldsInChange(before, after);
  if (asked.length > 0 && !scopes.includes('persons:read')) throw personsAsked(asked);
  const modelled = [...models.keys()];
  const parts: ChangedPart[] = [...real, ...modelled.map((id) => ({ kind: 'contract' as const, id }))];
  const campaigns = campaignsOf(parts, after, seller);
  const ids = campaigns.map(({ id }) => id);
  await recordAuditEvent(database, by, deedOf(real, modelled, { since, seller }));
  const past = await readPast(reading, { since, until, campaigns }, [before, after], (count) => {
    if (isShared && count > MOST_LEADS) throw tooMuch();
    onProgress(`reading leads: ${count}`);
  });
  if (isShared && isFew(past.leads.length, MIN_LEADS_SHOWN)) throw tooFew(ids);
  onProgress(`deciding ${past.leads.length} leads again`);
  const result = await runInTimeSlices(
    whatIf(past.leads, past.elsewhere, { before, after, models }, until.getTime()),
  );
  return {
    since: since.toISOString(),
    until: until.toISOString(),
    campaigns: ids,
    changes: real,
    models: modelsIn(changed),
    ...figuresView({ ...result, leftOut: past.leftOut }, isShared ? MIN_LEADS_SHOWN : 1),
  };
}

/** @throws ApiError if there are none */
function campaignsOf(parts: readonly ChangedPart[], terms: Market, seller: string | undefined): Campaign[] {
  const all = affectedCampaigns(parts, terms);
  if (all.length === 0)
    throw new ApiError(
      'conflict',
      'The change concerns no campaign: what it names has no contract in one. Name a campaign or a contract.',
    );
  const own = seller === undefined ? all : all.filter((campaign) => campaign.seller === seller);
  if (own.length > 0) return own;
  throw new ApiError(
    'conflict',
    `The change concerns no campaign of ${seller}, but ${abbreviateList(all.map(({ id }) => id))}. Leave the seller out, or name another one.`,
  );
}

/** Who has simulated what: the paths of what changes and no value, which a filter may have from a person. */
function deedOf(
  changes: Change[],
  models: string[],
  { since, seller }: Pick<Asked, 'since' | 'seller'>,
): AuditEvent {
  const changed = changes.map((one): AuditedValue => {
    const paths = one.change === 'changed' ? pathsOf(one.fields).join(', ') : one.change;
    return { path: `${one.kind} ${one.id}`, to: paths };
  });
  const modelled = models.map((contract): AuditedValue => ({ path: `contract ${contract}`, to: 'model' }));
  const which = [
    { path: 'since', to: since.toISOString() },
    ...(seller === undefined ? [] : [{ path: 'seller', to: seller }]),
  ];
  const values = [...which, ...changed, ...modelled];
  return {
    kind: 'simulation',
    id: v7(),
    did: 'simulated',
    values: redactedValues(values.slice(0, MOST_NOTED)),
  };
}

/** An enum's values stand in the path of their labels. */
const pathsOf = (fields: object): string[] => [
  ...new Set(Object.keys(fields).map((path) => path.replace(/^(fields\.[^.]+\.values)\..*$/s, '$1'))),
];

/** A change may name thousands of contracts. */
const MOST_NOTED = 200;

const personsAsked = (fields: string[]): ApiError =>
  new ApiError(
    'scopeMissing',
    `The change has filters on what persons wrote (${fields.join(', ')}), which its figures would reveal. This needs a key with the scope persons:read as well.`,
  );

const tooFew = (campaigns: string[]): ApiError =>
  new ApiError(
    'conflict',
    `Fewer than ${MIN_LEADS_SHOWN} leads of ${abbreviateList(campaigns)} can be decided again, and figures of so few would reveal persons. Name an earlier \`since\`, or run \`gavel simulate\` on a machine that reaches the database.`,
  );

function changedBy(text: string, market: Market): SimulatedMarket {
  const parsed = parseChange(text, market);
  if ('changed' in parsed) return parsed.changed;
  throw invalidMarketFile(`The change has ${faultCount(parsed.faults)}; nothing was decided.`, parsed.faults);
}

function modelsIn({ terms, models }: SimulatedMarket): ModelView[] {
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
