import type { Reason } from '../model/reason.js';

/**
 * The kinds of requests to a buyer. Each has a circuit of its own: a server that bids may fail on posts, and a buyer
 * without pings is known by its posts only.
 */
export const CHANNELS = ['pings', 'posts'] as const;
export type Channel = (typeof CHANNELS)[number];

/** The id of a buyer's circuit. Buyer ids contain no colon. */
export const circuitId = (buyer: string, line: Channel): string =>
  line === 'pings' ? buyer : `post:${buyer}`;

/** A failed answer: a reason of the closed list, and a detail for ops. */
export interface Failure {
  reason: Reason;
  detail?: string;
}

/** The recent failures of a buyer's server. Nothing else decides whether it is asked. */
export interface Circuit {
  failures: number;
  /** How often it has opened since the last successful answer. */
  opens: number;
  /** If open: since when, UTC ms. */
  openedAt?: number;
  /** If open: no requests before this time, UTC ms. After it, one lead may try. */
  until?: number;
  /** A probe is in progress. The others wait for its result, but no longer than this, UTC ms. */
  probeUntil?: number;
  /** The latest failure; absent in circuits of earlier releases. */
  last?: Failure;
}

/** `closed`: asked normally. `open`: skipped. `half_open`: one lead may try whether it answers again. */
export type CircuitState = 'closed' | 'half_open' | 'open';

/** When a circuit opens, and for how long; ms. */
export interface BreakerPolicy {
  /** The number of failures in a row that opens it. */
  failures: number;
  /** The first time. It doubles each time after that. */
  openFor: number;
  atMost: number;
  /** Timeout of a probe: if the process of a probe dies, the others must not wait for it. */
  probe: number;
}

export const BREAKER: BreakerPolicy = { failures: 10, openFor: 30_000, atMost: 600_000, probe: 30_000 };

export const CLOSED_CIRCUIT: Circuit = { failures: 0, opens: 0 };

/** @param now UTC ms */
export function circuitState({ until, probeUntil = 0 }: Circuit, now: number): CircuitState {
  if (until === undefined) return 'closed';
  return now < Math.max(until, probeUntil) ? 'open' : 'half_open';
}

/** Leads that skipped a failing buyer come back spread over at least this long, ms. */
const SPREAD_MS = 60_000;

/**
 * When a lead that skipped a failing buyer is worth another round, UTC ms; undefined if the circuit is closed. After
 * the pause, leads come back over as long a time as the buyer has failed so far. So they do not come all at once, and
 * they come less often the longer the outage lasts: a day's outage costs a lead tens of rounds, not hundreds.
 * @param share the lead's place in that time, from 0 up to 1
 * @param now UTC ms
 */
export function retryBuyerAt(circuit: Circuit, share: number, now: number): number | undefined {
  const { until, probeUntil = 0, openedAt = now } = circuit;
  if (until === undefined) return undefined;
  return Math.max(until, probeUntil, now) + Math.round(share * Math.max(SPREAD_MS, now - openedAt));
}

/**
 * The combined state of a buyer's two circuits, and which of them are not closed.
 * @param circuits by `circuitId`
 * @param now UTC ms
 */
export function buyerCircuit(
  circuits: ReadonlyMap<string, Circuit>,
  buyer: string,
  now: number,
): { circuit: CircuitState; failing: Channel[] } {
  const stateIn = (line: Channel): CircuitState =>
    circuitState(circuits.get(circuitId(buyer, line)) ?? CLOSED_CIRCUIT, now);
  const states = CHANNELS.map(stateIn);
  const circuit = (['open', 'half_open'] as const).find((state) => states.includes(state)) ?? 'closed';
  return { circuit, failing: CHANNELS.filter((line) => stateIn(line) !== 'closed') };
}

/**
 * The circuit while one lead tries the buyer: open to all others. Undefined if no probe is due.
 * @param now UTC ms
 */
export function takeProbe(circuit: Circuit, now: number, policy = BREAKER): Circuit | undefined {
  return circuitState(circuit, now) === 'half_open'
    ? { ...circuit, probeUntil: now + policy.probe }
    : undefined;
}

/**
 * The circuit after an answer. For an open circuit only its probe counts: answers to requests from before it opened
 * come late and bring nothing new.
 * @param last why the answer is a failure; absent if the buyer answered properly, also if it does not want the lead
 * @param now UTC ms
 */
export function afterAnswer(
  circuit: Circuit,
  last: Failure | undefined,
  now: number,
  policy = BREAKER,
): Circuit {
  const { until, probeUntil } = circuit;
  if (until !== undefined && probeUntil === undefined) return circuit;
  if (last === undefined) return CLOSED_CIRCUIT;
  const failures = circuit.failures + 1;
  if (failures < policy.failures) return { failures, opens: 0, last };
  const opens = circuit.opens + 1;
  const openFor = Math.min(policy.openFor * 2 ** (opens - 1), policy.atMost);
  return { failures, opens, openedAt: circuit.openedAt ?? now, until: now + openFor, last };
}

/** Warnings for ops: a buyer that is about to be skipped, and one that is skipped. */
export type CircuitWarning = 'failing' | 'opened';

/** The warning that an answer triggers, if any: at half of the failures that open the circuit, and when it opens. */
export function warningAfter(before: Circuit, after: Circuit, policy = BREAKER): CircuitWarning | undefined {
  if (after.opens > before.opens) return 'opened';
  const half = policy.failures / 2;
  return before.failures < half && after.failures >= half ? 'failing' : undefined;
}

/** A buyer's failures, for ops, also before its circuit opens. `until`: if open, when it is tried again, UTC ms. */
export interface CircuitReport {
  of: Channel;
  state: CircuitState;
  failures: number;
  until?: number;
  last?: Failure;
}

/** @param now UTC ms */
export function circuitReports(
  circuits: ReadonlyMap<string, Circuit>,
  buyer: string,
  now: number,
): CircuitReport[] {
  return CHANNELS.flatMap((of) => {
    const circuit = circuits.get(circuitId(buyer, of));
    if (circuit === undefined || circuit.failures === 0) return [];
    const { failures, until = 0, probeUntil = 0, last } = circuit;
    const state = circuitState(circuit, now);
    return [{ of, state, failures, until: state === 'open' ? Math.max(until, probeUntil) : undefined, last }];
  });
}
