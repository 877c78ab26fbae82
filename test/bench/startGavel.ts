import { chooseApiAddress } from '../../src/local/apiAddress.js';
import { apiPlan, workerPlan } from '../../src/local/gavelParts.js';
import type { Start } from '../../src/local/processes/startPlan.js';

/** Starts `gavel api` and `gavel worker` as separate processes, as in production; returns the API's address. */
export async function startGavel(
  dir: string,
  start: Start,
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Promise<string> {
  const address = await chooseApiAddress(dir, { ...env, PORT: '0' });
  await Promise.all([start(apiPlan(env, address, nodeFlags)), start(workerPlan(env, nodeFlags))]);
  return address.url;
}
