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
import { OperationError, conflict, invalidField } from '../operationError.js';
import { personalFieldsInChange } from './personalFields.js';
import { invalidMarketFile } from '../market/marketChanges.js';
import { dateOf, DateOrTime, SellerName } from '../inputs.js';
import { findSellerByName } from '../findByName.js';
import { timeSlices } from './timeSlices.js';
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

/** Limits if the process also serves other requests. */
const MAX_DAYS = 31;
const MAX_LEADS = 50_000;
const DAY_MS = 86_400_000;

let isUnderWay = false;

export const simulate = operation({
  id: 'simulate',
  summary: 'Repeat past auctions under changed terms. Nothing is sent or changed',
  tag: 'Market',
  route: 'POST /admin/simulate',
  scope: 'simulations:read',
  input: {
    file: Type.String({ description: 'The changes, as a part of a market file, in YAML or JSON' }),
    since: DateOrTime(`Start of the period; at most ${MAX_DAYS} days ago`),
    seller: Type.Optional(SellerName),
  },
  takesFile: true,
  maxBodyBytes: 2 * 1024 * 1024,
  output: Simulation,
  failures: ['invalidMarket', 'conflict', 'notFound'],
  async run(context, { file, since, seller }) {
    const code = seller === undefined ? undefined : (await findSellerByName(context.database, seller)).code;
    const asked = { file, since: dateOf(since), until: new Date(), seller: code };
    if (!context.isShared) return simulated(context, asked);
    if (asked.until.getTime() - asked.since.getTime() > MAX_DAYS * DAY_MS) throw tooMuch();
    if (isUnderWay) throw busy();
    isUnderWay = true;
    try {
      return await simulated(context, asked);
    } finally {
      isUnderWay = false;
    }
  },
});

const tooMuch = (): OperationError =>
  invalidField(
    `A simulation covers at most ${MAX_DAYS} days and ${MAX_LEADS} leads. Send a later \`since\`, or run \`gavel simulate\` on a machine that reaches the database.`,
  );

const busy = (): OperationError =>
  new OperationError('unavailable', 'Another simulation is in progress. Retry after Retry-After seconds.', {
    retryAfterS: 5,
  });

interface Asked {
  file: string;
  since: Date;
  until: Date;
  /** Simulates only its campaigns. */
  seller?: string;
}

/** Runs a simulation. `readOnly` prevents writes. */
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
    throw conflict('The change has no effect: the market already has these values. Change the file.');
  const asked = personalFieldsInChange(before, after);
  if (asked.length > 0 && !scopes.includes('persons:read')) throw personsAsked(asked);
  const modelled = [...models.keys()];
  const parts: ChangedPart[] = [...real, ...modelled.map((id) => ({ kind: 'contract' as const, id }))];
  const campaigns = campaignsOf(parts, after, seller);
  const ids = campaigns.map(({ id }) => id);
  await recordAuditEvent(database, by, deedOf(real, modelled, { since, seller }));
  const past = await readPast(reading, { since, until, campaigns }, [before, after], (count) => {
    if (isShared && count > MAX_LEADS) throw tooMuch();
    onProgress(`reading leads: ${count}`);
  });
  if (isShared && isFew(past.leads.length, MIN_LEADS_SHOWN)) throw tooFew(ids);
  onProgress(`deciding ${past.leads.length} leads again`);
  const proposal = { before, after, models };
  const result = await whatIf(past.leads, past.elsewhere, proposal, {
    until: until.getTime(),
    pause: timeSlices(),
  });
  return {
    since: since.toISOString(),
    until: until.toISOString(),
    campaigns: ids,
    changes: real,
    models: modelsIn(changed),
    ...figuresView({ ...result, leftOut: past.leftOut }, isShared ? MIN_LEADS_SHOWN : 1),
  };
}

/** @throws OperationError if there are none */
function campaignsOf(parts: readonly ChangedPart[], terms: Market, seller: string | undefined): Campaign[] {
  const all = affectedCampaigns(parts, terms);
  if (all.length === 0)
    throw conflict(
      'The change affects no campaign: its buyers or sellers have no contract. Change a campaign or a contract.',
    );
  const own = seller === undefined ? all : all.filter((campaign) => campaign.seller === seller);
  if (own.length > 0) return own;
  throw conflict(
    `The change affects no campaign of ${seller}, only ${abbreviateList(all.map(({ id }) => id))}. Leave \`seller\` out, or name another one.`,
  );
}

/** The audit entry: changed paths without values, because a filter may contain personal data. */
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
    values: redactedValues(values.slice(0, MAX_AUDITED)),
  };
}

/** Cuts the paths of labels, which contain the values of an enum. */
const pathsOf = (fields: object): string[] => [
  ...new Set(Object.keys(fields).map((path) => path.replace(/^(fields\.[^.]+\.values)\..*$/s, '$1'))),
];

/** A change may name thousands of contracts. */
const MAX_AUDITED = 200;

const personsAsked = (fields: string[]): OperationError =>
  new OperationError(
    'scopeMissing',
    `The change has filters on personal fields (${fields.join(', ')}), and its figures would reveal their values. Use a key that also has the scope persons:read.`,
  );

const tooFew = (campaigns: string[]): OperationError =>
  conflict(
    `Fewer than ${MIN_LEADS_SHOWN} leads of ${abbreviateList(campaigns)} can be simulated, and their figures would reveal persons. Send an earlier \`since\`, or run \`gavel simulate\` on a machine that reaches the database.`,
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
      lowest: bids && amount(bids.lowest),
      highest: bids && amount(bids.highest),
      shared_lowest: sharedBids && amount(sharedBids.lowest),
      shared_highest: sharedBids && amount(sharedBids.highest),
      bids_on_percent: bidsOn,
      accepts_percent: accepts,
    };
  });
}
