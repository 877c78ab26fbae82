import { conclude, type OfferAnswer } from '../auction/decide.js';
import type { Reason } from '../model/reason.js';
import type { Round } from '../model/round.js';

export interface ReasonCount {
  reason: Reason;
  /** Whether the contract was asked in those rounds, or was excluded before any ping. */
  asked: boolean;
  leads: number;
  /** The most frequent details, in no order. A reason whose details name a time has them only for a bid that a limit refused. */
  details: Map<string, number>;
}

/** Why a contract did not buy, over many leads. */
export interface ContractReasons {
  contract: string;
  buyer: string;
  leads: number;
  /** By `asked` and the reason. */
  reasons: Map<string, ReasonCount>;
}

const CHANGING: ReadonlySet<Reason> = new Set<Reason>([
  'closed',
  'capped',
  'over_budget',
  'no_balance',
  'paused',
  'not_yet',
  'circuit_open',
]);

/** Maximum number of different details for each reason. */
const MOST_DETAILS = 20;

export function countReasons(
  counts: Map<string, ContractReasons>,
  { round, answers }: { round: Round; answers: readonly OfferAnswer[] },
  isCounted: (buyer: string) => boolean,
): void {
  const asked = new Set(round.entries.map(({ contract }) => contract));
  for (const outcome of conclude(round, answers)) {
    const { contract, buyer } = outcome;
    if (outcome.sold || !isCounted(buyer)) continue;
    const known = counts.get(contract) ?? {
      contract,
      buyer,
      leads: 0,
      reasons: new Map<string, ReasonCount>(),
    };
    counts.set(contract, known);
    known.leads += 1;
    addReason(known.reasons, outcome, isAsked(outcome, asked));
  }
}

/** An open circuit means that the buyer was not asked, also if it opened in the middle of the round. */
const isAsked = ({ contract, reason }: { contract: string; reason: Reason }, asked: ReadonlySet<string>) =>
  asked.has(contract) && reason !== 'circuit_open';

/** Limits that a bid exceeded. The contract's limits may be different now. */
const LIMITS: ReadonlySet<Reason> = new Set<Reason>(['capped', 'over_budget']);

function addReason(
  reasons: ContractReasons['reasons'],
  { reason, detail }: { reason: Reason; detail?: string },
  asked: boolean,
): void {
  const key = `${asked} ${reason}`;
  const count = reasons.get(key) ?? { reason, asked, leads: 0, details: new Map<string, number>() };
  reasons.set(key, count);
  count.leads += 1;
  if (detail === undefined || (CHANGING.has(reason) && !(asked && LIMITS.has(reason)))) return;
  const { details } = count;
  if (details.has(detail) || details.size < MOST_DETAILS) details.set(detail, (details.get(detail) ?? 0) + 1);
}
