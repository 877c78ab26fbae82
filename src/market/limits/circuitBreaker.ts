import type { Reason } from '../model/reason.js';

/**
 * What a buyer is asked for. Each has a circuit of its own: a server that bids may take no post, and a buyer that is not
 * pinged is heard of by its posts alone.
 */
export const CHANNELS = ['pings', 'posts'] as const;
export type Channel = (typeof CHANNELS)[number];

/** By what a buyer's circuit is known. No buyer's id has a colon in it. */
export const circuitId = (buyer: string, line: Channel): string =>
  line === 'pings' ? buyer : `post:${buyer}`;

/** Why an answer counts against a buyer: a reason of the closed list, and what ops are shown beside it. */
export interface Failure {
  reason: Reason;
  detail?: string;
}

/** What is known of how a buyer's server has answered of late; nothing else decides whether it is asked. */
export interface Circuit {
  /** Failures in a row. */
  failures: number;
  /** How often it has opened since the last answer that was none. */
  opens: number;
  /** Open: since when, UTC ms. */
  openedAt?: number;
  /** Open: until when nobody asks, UTC ms; after that one may try. */
  until?: number;
  /** One tries, and the others wait for what comes of it, but no longer than this, UTC ms. */
  probeUntil?: number;
  /** The latest failure; absent in circuits of earlier releases. */
  last?: Failure;
}

/** `closed`: asked like any other; `open`: left out; `half_open`: one may try whether it answers again. */
export type CircuitState = 'closed' | 'half_open' | 'open';

/** When a circuit opens and for how long; ms. */
export interface BreakerPolicy {
  /** Failures in a row at which it opens. */
  failures: number;
  /** The first time; each time after that twice as long. */
  openFor: number;
  atMost: number;
  /** How long a try may take: one that was made by a process that has died since must not keep the others waiting. */
  probe: number;
}

/** In force for every buyer. */
export const BREAKER: BreakerPolicy = { failures: 10, openFor: 30_000, atMost: 600_000, probe: 30_000 };

/** A buyer of which nothing bad is known. */
export const CLOSED_CIRCUIT: Circuit = { failures: 0, opens: 0 };

/** @param now UTC ms */
export function circuitState({ until, probeUntil = 0 }: Circuit, now: number): CircuitState {
  if (until === undefined) return 'closed';
  return now < Math.max(until, probeUntil) ? 'open' : 'half_open';
}

/** Over so long at the least do leads come back that were not offered to a buyer that failed, ms. */
const SPREAD_MS = 60_000;

/**
 * When a lead that a failing buyer is left out for is worth another round, UTC ms; undefined where the circuit is closed.
 * Leads come back after the pause over as long a time as the buyer has failed so far: not all at once, and the less often
 * the longer it lasts, so that a day's outage costs a lead tens of rounds, not hundreds.
 * @param share where in that time the lead comes, from 0 up to 1
 * @param now UTC ms
 */
export function retryBuyerAt(circuit: Circuit, share: number, now: number): number | undefined {
  const { until, probeUntil = 0, openedAt = now } = circuit;
  if (until === undefined) return undefined;
  return Math.max(until, probeUntil, now) + Math.round(share * Math.max(SPREAD_MS, now - openedAt));
}

/**
 * How a buyer's two circuits are together, and which of them are not closed.
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
 * The circuit while one tries whether the buyer answers again: open to everybody else. Undefined where none is to be made.
 * @param now UTC ms
 */
export function takeProbe(circuit: Circuit, now: number, policy = BREAKER): Circuit | undefined {
  return circuitState(circuit, now) === 'half_open'
    ? { ...circuit, probeUntil: now + policy.probe }
    : undefined;
}

/**
 * The circuit after an answer. An open one goes by its try alone: answers to what was asked before it opened come late,
 * and tell nothing new.
 * @param last why the answer is a failure; absent if the buyer answered as it should, also if it does not want the lead
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

/** What ops are warned of: a buyer that is about to be left out, and one that is. */
export type CircuitWarning = 'failing' | 'opened';

/** The warning that an answer gives rise to, if any: at half of the failures that open the circuit, and when it opens. */
export function warningAfter(before: Circuit, after: Circuit, policy = BREAKER): CircuitWarning | undefined {
  if (after.opens > before.opens) return 'opened';
  const half = policy.failures / 2;
  return before.failures < half && after.failures >= half ? 'failing' : undefined;
}

/** What fails of a buyer, for ops: also before its circuit opens. `until`: when it is tried again, UTC ms. */
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
    const { failures, until, probeUntil = 0, last } = circuit;
    return [
      { of, state: circuitState(circuit, now), failures, until: until && Math.max(until, probeUntil), last },
    ];
  });
}
