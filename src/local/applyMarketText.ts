import { cliActor } from '../terminal/currentUser.js';
import { readMarketFile } from '../market/file/changeMarket.js';
import { applyMarket } from '../store/market/apply.js';
import type { Database } from '../store/db.js';
import { LocalStackError } from './processes/localStackError.js';

/**
 * Makes the entries of a market of our own exactly as its file says, without a confirmation.
 * @param name what the market is called in the error: `demo market`
 * @param prune also removes contracts and deactivates campaigns that it does not name
 * @throws LocalStackError with the faults or conflicts that prevent it
 */
export async function applyMarketText(
  database: Database,
  name: string,
  text: string,
  { prune = false }: { prune?: boolean } = {},
): Promise<void> {
  const result = await applyMarket(database, readMarketFile(text), {
    by: cliActor(),
    replace: true,
    prune,
    confirmed: true,
  });
  if (!('faults' in result)) return;
  const faults = result.faults.map(
    ({ line, column, path, message }) => `${line}:${column}  ${path}: ${message}`,
  );
  throw new LocalStackError(`The ${name} can’t be applied:\n${faults.join('\n')}`);
}
