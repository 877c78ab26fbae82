import { minorDigits, toMinor } from '../money.js';
import { stateCode } from '../states.js';
import { categoryKey, categorySlug } from '../terms.js';
import { NO_PRICE } from './assumptions.js';
import { DEFAULTS } from './defaults.js';
import type { Draft } from './draft.js';
import { parseDuration } from './duration.js';
import type { Path, Report } from './fault.js';
import type { MarketInFile } from './schema.js';

export type MarketDraft = Draft<MarketInFile>;
type CampaignDraft = NonNullable<NonNullable<MarketDraft['campaigns']>[number]>;
type ContractDraft = NonNullable<NonNullable<CampaignDraft['contracts']>[number]>;

/** A lead that is offered more often than this was not sold for want of asking. */
export const MOST_ROUNDS = 1000;

/** Reports what is wrong between values, each of which has the right shape. */
export function checkMarket(
  { sellers = [], buyers = [], campaigns = [] }: MarketDraft,
  report: Report,
): void {
  const once = (list: string, key: string, values: (string | undefined)[]) => {
    reportRepeats(values, report, (i) => [list, i, key]);
  };
  once(
    'sellers',
    'code',
    sellers.map((seller) => seller?.code),
  );
  once(
    'sellers',
    'slug',
    sellers.map((seller) => seller?.slug),
  );
  once(
    'buyers',
    'id',
    buyers.map((buyer) => buyer?.id),
  );
  checkCategories(campaigns, report);
  const unasked = new Set(
    buyers.flatMap((buyer) => (buyer?.id !== undefined && !('ping' in buyer) ? buyer.id : [])),
  );
  campaigns.forEach((campaign, i) => {
    if (campaign) checkCampaign(campaign, unasked, ['campaigns', i], report);
  });
}

/** Reports each value that an earlier entry of the list has too. */
function reportRepeats(
  values: (string | undefined)[],
  report: Report,
  pathOf: (i: number) => (string | number)[],
): void {
  const first = new Map<string, number>();
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue;
    const before = first.get(value);
    if (before === undefined) first.set(value, i);
    else report(pathOf(i), `"${value}" is taken: entry [${before}] of the list has it already`);
  }
}

function checkCategories(campaigns: (CampaignDraft | undefined)[], report: Report): void {
  const first = new Map<string, { i: number; category: string }>();
  for (const [i, campaign] of campaigns.entries()) {
    const { seller, category } = campaign ?? {};
    if (seller === undefined || category === undefined) continue;
    const id = `${seller}/${categorySlug(category)}`;
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, { i, category });
      continue;
    }
    const same = categoryKey(before.category) === categoryKey(category);
    const why = same
      ? `${seller} has one campaign a category, and campaigns[${before.i}] is it already`
      : `makes the same id (${id}) as "${before.category}" of campaigns[${before.i}]; choose another name`;
    report(['campaigns', i, 'category'], `"${category}": ${why}`);
  }
}

function checkCampaign(
  campaign: CampaignDraft,
  unasked: ReadonlySet<string>,
  path: Path,
  report: Report,
): void {
  const contracts = campaign.contracts ?? [];
  checkSale(campaign.sale, [...path, 'sale'], report);
  checkPending(campaign.pending, [...path, 'pending'], report);
  reportRepeats(
    contracts.map((contract) => contract?.buyer),
    report,
    (i) => [...path, 'contracts', i, 'buyer'],
  );
  const expireAfter = parseDuration(campaign.pending?.expireAfter ?? DEFAULTS.expireAfter) ?? 0;
  const currency = 'currency' in campaign ? campaign.currency : DEFAULTS.currency;
  if (currency !== undefined) checkAmount(campaign.sale?.floor, currency, [...path, 'sale', 'floor'], report);
  contracts.forEach((contract, i) => {
    if (contract)
      checkContract(contract, { currency, expireAfter, unasked }, [...path, 'contracts', i], report);
  });
}

function checkSale(sale: CampaignDraft['sale'], path: Path, report: Report): void {
  if (sale?.mode !== 'shared') return;
  report([...path, 'mode'], 'shared is not supported yet; write exclusive, or remove mode');
  if (!('maxBuyers' in sale)) report([...path, 'maxBuyers'], 'is missing; a shared sale needs it');
}

function checkPending(pending: CampaignDraft['pending'], path: Path, report: Report): void {
  const waits = (pending?.retryAfter ?? DEFAULTS.retryAfter).map((wait) => parseDuration(wait ?? '') ?? NaN);
  const expireAfter = parseDuration(pending?.expireAfter ?? DEFAULTS.expireAfter) ?? 0;
  const rest = expireAfter - waits.reduce((sum, wait) => sum + wait, 0);
  const rounds = 1 + waits.length + Math.max(0, Math.floor(rest / (waits.at(-1) ?? NaN)));
  // Not a number where a wait can't be read, which is a fault already.
  if (!(rounds > MOST_ROUNDS)) return;
  const message = `would offer an unsold lead ${rounds} times before it expires; at most ${MOST_ROUNDS} make sense: lengthen the last wait, which repeats`;
  report([...path, 'retryAfter'], message);
}

function checkContract(
  contract: ContractDraft,
  campaign: { currency: string | undefined; expireAfter: number; unasked: ReadonlySet<string> },
  path: Path,
  report: Report,
): void {
  const { currency, expireAfter, unasked } = campaign;
  if (!('price' in contract) && unasked.has(contract.buyer ?? '')) report(path, NO_PRICE);
  if (currency !== undefined) {
    checkAmount(contract.price, currency, [...path, 'price'], report);
    checkAmount(contract.budget?.day, currency, [...path, 'budget', 'day'], report);
  }
  const codes = (contract.states ?? []).map((state) => stateCode(state ?? ''));
  reportRepeats(codes, report, (i) => [...path, 'states', i]);
  const delay = parseDuration(contract.delay ?? '');
  if (delay !== undefined && expireAfter > 0 && delay >= expireAfter) {
    report([...path, 'delay'], `${contract.delay ?? ''} is never reached: an unsold lead expires before it`);
  }
}

/** A tenth of a cent is nobody's price. */
function checkAmount(amount: number | undefined, currency: string, path: Path, report: Report): void {
  if (amount === undefined || toMinor(amount, currency) !== undefined) return;
  const digits = minorDigits(currency);
  const has = digits === 0 ? 'no decimals' : `at most ${digits} decimals`;
  report(
    path,
    `${amount} has more decimals than ${currency}, which has ${has}; write it like ${amount.toFixed(digits)}`,
  );
}
