import { chooseApiAddress } from '../../src/local/apiAddress.js';
import { servePlan } from '../../src/local/gavelParts.js';
import type { Start } from '../../src/local/processes/startPlan.js';

/** Starts `gavel serve`, as in production; returns the API's address. */
export async function startGavel(
  dir: string,
  start: Start,
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Promise<string> {
  const address = await chooseApiAddress(dir, { ...env, PORT: '0' });
  await start(servePlan(env, address, nodeFlags));
  return address.url;
}
