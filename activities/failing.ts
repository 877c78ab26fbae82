import { circuitId, stateOf, type Line } from '../src/market/breaker.js';
import { noteAnswer, takeProbe } from '../src/store/circuits.js';
import type { Deps } from './index.js';

/** Whether a lead may turn to a buyer: to one that fails, one lead at a time may, which tries it. */
export async function mayTry({ database, circuits }: Deps, buyer: string, line: Line): Promise<boolean> {
  const id = circuitId(buyer, line);
  const circuit = (await circuits()).get(id);
  if (circuit === undefined || stateOf(circuit, Date.now()) === 'closed') return true;
  return takeProbe(database, id, Date.now());
}

/** Limits are kept to within milliseconds, save by a process that stood still: it was paused, or its machine asleep. */
const STOOD_STILL_MS = 1000;

/** What came of asking a buyer: whether it answered, after how long, and how long it might take. */
interface Heard {
  ok: boolean;
  ms: number;
  limitMs: number;
}

/**
 * Notes how a buyer has answered, beside the lead's round, which does not wait for it. A failure that came long after its
 * limit is our own: after a pause, whatever was under way fails at once, and says nothing of the buyers.
 */
export function note(
  { database, circuits, log }: Deps,
  buyer: string,
  line: Line,
  { ok, ms, limitMs }: Heard,
): void {
  if (!ok && ms > limitMs + STOOD_STILL_MS) return;
  const id = circuitId(buyer, line);
  void circuits()
    .then((known) => noteAnswer(database, id, known.has(id), ok, Date.now()))
    .catch(() => log.warn({ event: 'circuit_not_noted', buyer }));
}
