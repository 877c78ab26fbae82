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

/** Notes how a buyer has answered, beside the lead's round, which does not wait for it. */
export function note({ database, circuits, log }: Deps, buyer: string, line: Line, ok: boolean): void {
  const id = circuitId(buyer, line);
  void circuits()
    .then((known) => noteAnswer(database, id, known.has(id), ok, Date.now()))
    .catch(() => log.warn({ event: 'circuit_not_noted', buyer }));
}
