import { cliActor } from '../cli/actor.js';
import { parseMarket } from '../market/file/parseMarket.js';
import { applyMarket } from '../store/apply.js';
import type { Database } from '../store/db.js';
import { LocalStackError } from './localStackError.js';

/**
 * Makes the store hold a market of our own; what else it holds is left alone.
 * @param name what the market is called in the error: `demo market`
 * @throws LocalStackError naming what stands against it
 */
export async function applyMarketText(database: Database, name: string, text: string): Promise<void> {
  const parsed = parseMarket(text);
  const result =
    'market' in parsed
      ? await applyMarket(database, parsed.market, { by: cliActor(), prune: false })
      : parsed;
  if (!('faults' in result)) return;
  const faults = result.faults.map(
    ({ line, column, path, message }) => `${line}:${column}  ${path}: ${message}`,
  );
  throw new LocalStackError(`The ${name} can’t be applied:\n${faults.join('\n')}`);
}
