import {
  circuitId,
  CLOSED_CIRCUIT,
  retryBuyerAt,
  CHANNELS,
  circuitState,
  type Circuit,
} from '../limits/circuitBreaker.js';
import type { CompiledContract, CompiledCampaign } from './compileCampaign.js';
import { lowestPrice } from '../auction/prices.js';
import {
  duplicateExclusion,
  isDuplicate,
  ON_BUYER_LIST,
  type Purchase,
  type PersonHashes,
} from '../limits/duplicates.js';
import { campaignExclusion, leadExclusion, scheduleExclusion, type LeadInRound } from './eligibility.js';
import { fraction } from '../hash.js';
import { formatUtc } from '../calendar/isoTime.js';
import { formatMoney } from '../money.js';
import { pauseOf } from '../model/pause.js';
import type { Reason } from '../model/reason.js';
import type { Candidate, Change, ExcludedGroup, Exclusion, MetLimit } from '../model/round.js';
import { nextStageAt, saleAt } from '../model/stages.js';
import type { Buyer, Campaign, Sale } from '../model/market.js';
import {
  buyerAccount,
  fullLimit,
  limitsOf,
  fullLimitExclusion,
  balanceExclusion,
  type Limit,
  type Usage,
} from '../limits/usage.js';

/** The contracts that may be asked, and the reasons of the others. Every contract is in one of the two. */
export interface Plan<B extends Buyer> {
  open: CompiledContract<B>[];
  excluded: ExcludedGroup[];
  changes: Change[];
}

/** The state of limits, duplicates and circuits that the contracts in question depend on. */
export interface LimitState {
  /** By contract, and by `buyer:ID` for balances. */
  usage: ReadonlyMap<string, Usage>;
  purchases: readonly Purchase[];
  /** By `circuitId`. */
  circuits: ReadonlyMap<string, Circuit>;
  /** Ids of buyers whose own suppression list contains the person. */
  listedBy?: ReadonlySet<string>;
}

/**
 * Checks the contracts' own terms. This excludes most contracts of a large campaign before anything is read from the
 * store.
 */
export function planRound<B extends Buyer>(
  { seller, campaign, contracts }: CompiledCampaign<B>,
  lead: LeadInRound,
  now: number,
): Plan<B> {
  const barred = campaignExclusion(seller, campaign, lead, now);
  const stage = nextStageAt(campaign.stages ?? [], lead.facts.receivedAt, now);
  const plan = sorted(contracts, (ready) => barred ?? leadExclusion(ready, lead, now));
  return stage === undefined
    ? plan
    : { ...plan, changes: soonest([...plan.changes, { at: stage, what: 'stage' }]) };
}

/** Checks everything that depends on other sales: duplicates, caps, budgets, balances, open circuits. */
export function withinLimits<B extends Buyer>(
  plan: Plan<B>,
  { campaign }: Pick<CompiledCampaign<B>, 'campaign'>,
  lead: LeadInRound & { match: PersonHashes },
  known: LimitState & { now: number },
): Plan<B> {
  const { now } = known;
  const context = { ...known, campaign, sale: saleAt(campaign, lead.facts.receivedAt, now) };
  const next = sorted(plan.open, (ready) => limitExclusion(ready, lead, context));
  return {
    open: next.open,
    excluded: [...plan.excluded, ...next.excluded],
    changes: soonest([...plan.changes, ...next.changes, ...comebacks(plan.open, lead, known, now)]),
  };
}

/**
 * When the lead is worth another round for buyers with an open circuit. If one may be tried, another lead may try it
 * first, and this one is excluded after all.
 */
const comebacks = (
  asked: readonly CompiledContract[],
  { facts }: LeadInRound,
  { circuits }: LimitState,
  now: number,
): Change[] =>
  circuits.size === 0
    ? []
    : asked.flatMap(({ buyer }) =>
        CHANNELS.flatMap((line): Change[] => {
          const id = circuitId(buyer.id, line);
          const share = fraction(`${facts.leadId}/${id}`);
          const at = retryBuyerAt(circuits.get(id) ?? CLOSED_CIRCUIT, share, now);
          return at === undefined ? [] : [{ at, what: 'circuit' }];
        }),
      );

/** What the limits of a campaign's contracts depend on in a round. */
interface LimitContext extends LimitState {
  campaign: CompiledCampaign['campaign'];
  sale: Sale;
  /** UTC ms. */
  now: number;
}

function limitExclusion(
  ready: CompiledContract,
  lead: LeadInRound & { match: PersonHashes },
  context: LimitContext,
): Exclusion | undefined {
  const { campaign, purchases, circuits, listedBy, now } = context;
  const { contract, buyer } = ready;
  if (listedBy?.has(buyer.id)) return ON_BUYER_LIST;
  const asking = {
    lead: lead.facts.leadId,
    contract: contract.id,
    buyer: buyer.id,
    campaign: campaign.id,
    ...lead.match,
  };
  for (const rule of [campaign.duplicates, contract.duplicates]) {
    if (rule && isDuplicate(rule, asking, purchases, now)) {
      return duplicateExclusion(rule);
    }
  }
  const full = lead.facts.test ? undefined : capacityExclusion(ready, context);
  return full ?? circuitExclusion(buyer.id, circuits, now);
}

/** The exclusion by a full cap or budget, or by the buyer's balance; undefined if there is none. */
function capacityExclusion(
  { contract, buyer, schedule }: CompiledContract,
  { campaign: { currency }, sale, usage, now }: Omit<LimitContext, 'purchases' | 'circuits'>,
): Exclusion | undefined {
  const least = lowestPrice(sale, contract);
  const used = usage.get(contract.id);
  const full = fullLimit(limitsOf(contract, schedule, least, now), used);
  if (full) return fullLimitExclusion(full, used, { limiting: { contract, schedule }, currency, now });
  return balanceExclusion(buyer, usage.get(buyerAccount(buyer.id)), least, currency);
}

function circuitExclusion(
  buyer: string,
  circuits: LimitState['circuits'],
  now: number,
): Exclusion | undefined {
  for (const line of CHANNELS) {
    const circuit = circuits.get(circuitId(buyer, line));
    if (circuit && circuitState(circuit, now) === 'open') {
      const until = circuit.until === undefined ? '' : `, until ${formatUtc(circuit.until)}`;
      return { reason: 'circuit_open', detail: `after ${circuit.failures} failed ${line} in a row${until}` };
    }
  }
  return undefined;
}

/**
 * Why a contract takes no leads at all now, and when that changes if it is known: it is paused, closed or full, or
 * its buyer fails or can't pay. Undefined if it may take some.
 */
export const contractExclusion = (
  ready: CompiledContract,
  { seller, campaign }: Pick<CompiledCampaign, 'seller' | 'campaign'>,
  { usage, circuits }: Pick<LimitState, 'usage' | 'circuits'>,
  now: number,
): Exclusion | undefined =>
  pauseOf(seller, 'the seller', now) ??
  pauseOf(campaign, 'the campaign', now) ??
  pauseOf(ready.contract, 'the contract', now) ??
  pauseOf(ready.buyer, 'the buyer', now) ??
  scheduleExclusion(ready.schedule, now) ??
  capacityExclusion(ready, { campaign, sale: campaign.sale, usage, now }) ??
  circuitExclusion(ready.buyer.id, circuits, now);

/** The highest price that the rest of a contract's budget covers, in words; undefined if it has no budget. */
export function budgetLeft(
  { contract, schedule }: CompiledContract,
  { currency }: Pick<Campaign, 'currency'>,
  used: Usage | undefined,
  now: number,
): { upTo: string } | undefined {
  const leftOf = ({ most, window }: Limit): number => most - (used?.spent?.[window] ?? 0);
  const [least] = limitsOf(contract, schedule, 0, now)
    .filter(({ counter }) => counter === 'spent')
    .sort((a, b) => leftOf(a) - leftOf(b));
  if (least === undefined) return undefined;
  const { detail = '' } = fullLimitExclusion(least, used, {
    limiting: { contract, schedule },
    currency,
    now,
  });
  return { upTo: `up to ${formatMoney(leftOf(least), currency)}, what is left of ${detail}` };
}

/** Splits contracts into open and excluded ones, and groups exclusions that have the same detail. */
function sorted<B extends Buyer>(
  contracts: CompiledContract<B>[],
  refusalOf: (ready: CompiledContract<B>) => Exclusion | undefined,
): Plan<B> {
  const open: CompiledContract<B>[] = [];
  // By reason, then by detail: joining the two for each contract costs more than both lookups.
  const excluded = new Map<Reason, Map<string | undefined, ExcludedGroup>>();
  const changes: Change[] = [];
  for (const ready of contracts) {
    const refused = refusalOf(ready);
    if (refused === undefined) {
      open.push(ready);
      continue;
    }
    const { reason, detail, change, limit } = refused;
    if (change) changes.push(change);
    const groups = excluded.get(reason) ?? new Map<string | undefined, ExcludedGroup>();
    if (groups.size === 0) excluded.set(reason, groups);
    const group = groups.get(detail);
    if (group) {
      group.buyers += ` ${ready.buyer.id}`;
      if (group.used !== undefined) group.used += ` ${limit?.used ?? 0}`;
    } else groups.set(detail, { reason, detail, buyers: ready.buyer.id, ...figuresOf(limit) });
  }
  const groups = [...excluded.values()].flatMap((ofReason) => [...ofReason.values()]);
  return { open, excluded: groups, changes: soonest(changes) };
}

/** The limit of a group, which its detail names, and the first contract's use of it. */
function figuresOf(limit: MetLimit | undefined): Pick<ExcludedGroup, 'limit' | 'used'> {
  if (limit === undefined) return {};
  const { used, ...ofAll } = limit;
  return { limit: ofAll, used: used?.toString() };
}

function soonest(changes: Change[]): Change[] {
  const first = new Map<Change['what'], Change>();
  for (const change of changes) {
    const known = first.get(change.what);
    if (!known || change.at < known.at) first.set(change.what, change);
  }
  return [...first.values()];
}

export function candidateOf(
  { contract, buyer }: CompiledContract,
  sale: Sale,
  usage: Usage | undefined,
): Candidate {
  const { id, tier, weight, price, sharedPrice, floor, ceiling, delivery } = contract;
  return {
    contract: id,
    buyer: buyer.id,
    tier,
    weight: turnWeight(sale.award, weight),
    rate: sale.award === 'expectedValue' ? acceptanceRate(usage) : undefined,
    price,
    sharedPrice,
    floor,
    ceiling,
    delivery,
  };
}

/** The weight of a contract if turns decide the award. */
function turnWeight(award: Sale['award'], weight: number): number | undefined {
  if (award === 'roundRobin') return 1;
  return award === 'weighted' ? weight : undefined;
}

/**
 * The share of posts that were accepted, with one accepted post added to both counts: a new buyer is trusted at
 * first.
 */
export function acceptanceRate(usage: Usage | undefined): number {
  const { posted = 0, accepted = 0 } = usage?.offers ?? {};
  return (accepted + 1) / (posted + 1);
}
