import { chooseApiAddress } from '../local/apiAddress.js';
import { startApiPart, startWorkerPart } from '../local/parts.js';
import type { Processes } from '../local/processes.js';

/** Starts `gavel api` and `gavel worker`, each as a process of its own, as in production; returns the API's address. */
export async function startGavel(
  dir: string,
  processes: Processes,
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Promise<string> {
  const { port, url } = await chooseApiAddress(dir, { ...env, PORT: '0' });
  const withPort = { ...env, PORT: String(port) };
  await Promise.all([
    startApiPart(processes, withPort, url, nodeFlags),
    startWorkerPart(processes, withPort, nodeFlags),
  ]);
  return url;
}
