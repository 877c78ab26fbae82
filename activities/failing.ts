import {
  circuitId,
  circuitState,
  warningAfter,
  type Failure,
  type Channel,
} from '../src/market/limits/circuitBreaker.js';
import { metrics } from '../src/metrics.js';
import { countAnswer, type BuyerAnswer } from '../src/store/fairness/answers.js';
import { recordServerAnswer, takeProbe } from '../src/store/fairness/circuits.js';
import type { Deps } from './deps.js';

export async function isHealthy(
  { circuits }: Pick<Deps, 'circuits'>,
  buyer: string,
  line: Channel,
): Promise<boolean> {
  const circuit = (await circuits()).get(circuitId(buyer, line));
  return circuit === undefined || circuitState(circuit, Date.now()) === 'closed';
}

/** Whether a lead may turn to a buyer: to one that fails, one lead at a time may, which tries it. */
export async function mayTry(deps: Deps, buyer: string, line: Channel): Promise<boolean> {
  if (await isHealthy(deps, buyer, line)) return true;
  return takeProbe(deps.database, circuitId(buyer, line), Date.now());
}

/** Limits are kept to within milliseconds, save by a process that stood still: it was paused, or its machine asleep. */
const STOOD_STILL_MS = 1000;

interface Answered extends Omit<BuyerAnswer, 'at' | 'fault'> {
  /** Why it counts against the buyer's server. */
  failure?: Failure;
  /** A 4xx that is a valid no. */
  noByStatus?: string;
  /** After how long it came, and how long it might take. */
  ms: number;
  limitMs: number;
  /** Whether the circuit goes by it; a post that is sent again says nothing new when it fails again. */
  isNews?: boolean;
}

type NoteDeps = Pick<Deps, 'database' | 'circuits' | 'log'>;

/**
 * Notes how a buyer has answered, beside the lead's round, which does not wait for it. A failure that came long after its
 * limit is our own: after a pause, whatever was under way fails at once, and says nothing of the buyers.
 */
export function note(deps: NoteDeps, answered: Answered): void {
  const { failure, noByStatus, ms, limitMs, isNews = true, ...answer } = answered;
  if (failure !== undefined && ms > limitMs + STOOD_STILL_MS) return;
  const late = failure?.reason === 'timeout' ? `no answer within ${limitMs} ms` : undefined;
  const fault = failure && { reason: failure.reason, detail: failure.detail ?? late };
  const no = noByStatus === undefined ? undefined : { reason: 'no_by_status' as const, detail: noByStatus };
  countAnswer(deps.database, { ...answer, at: new Date(), fault: fault ?? no });
  if (isNews) void noteInCircuit(deps, answer, fault);
}

async function noteInCircuit(
  { database, circuits, log }: NoteDeps,
  { buyer, of }: Pick<Answered, 'buyer' | 'of'>,
  failure: Failure | undefined,
): Promise<void> {
  const id = circuitId(buyer, of);
  // Of the answer: to read the circuits may take a while.
  const now = Date.now();
  try {
    const isKnown = (await circuits()).has(id);
    const changed = await recordServerAnswer(database, id, { failure, now, isKnown });
    const warning = changed && warningAfter(changed.before, changed.after);
    if (!changed || !warning) return;
    const { failures, until, last } = changed.after;
    const labels = { buyer, of, reason: last?.reason ?? 'unknown' };
    const about = { ...labels, failures, detail: last?.detail };
    if (warning === 'failing') {
      metrics.buyerFailing(1, labels);
      log.warn({ event: 'buyer_failing', ...about });
    } else {
      metrics.circuitOpened(1, labels);
      log.warn({ event: 'circuit_opened', ...about, until: new Date(until ?? 0).toISOString() });
    }
  } catch {
    log.warn({ event: 'circuit_not_noted', buyer });
  }
}
