import type { ApiAddress } from './apiAddress.js';
import type { Plan } from './processes/startPlan.js';
import type { Part } from './processes/processes.js';
import { waitUntil } from './processes/waitUntil.js';
import { fileURLToPath } from 'node:url';

/**
 * API and worker in one process; it says that it is ready by a message.
 * @param nodeFlags flags for its Node, such as those of the profiler
 */
export const servePlan = (
  env: NodeJS.ProcessEnv,
  { port }: ApiAddress,
  nodeFlags: readonly string[] = [],
): Plan => apiPlan('serve', { ...env, PORT: String(port) }, port, nodeFlags);

/** An admin API, likewise. */
export const adminPlan = (env: NodeJS.ProcessEnv, { port }: ApiAddress): Plan =>
  apiPlan('admin', { ...env, ADMIN_PORT: String(port) }, port);

const apiPlan = (
  name: string,
  env: NodeJS.ProcessEnv,
  port: number,
  nodeFlags: readonly string[] = [],
): Plan => ({
  command: {
    name,
    command: process.execPath,
    args: [...nodeFlags, ...nodeArguments('cli/gavel', name)],
    env,
    ipc: true,
  },
  ports: [port],
  ready: readyMessage,
});

/** Waits for the message `{"event": "ready"}`, or for the end of the part, which is an error. */
export async function readyMessage(part: Part): Promise<void> {
  let ready = false;
  part.child.on('message', (message) => {
    ready ||= typeof message === 'object' && 'event' in message && message.event === 'ready';
  });
  await waitUntil(part, async () => ready);
}

/**
 * As in the image. With the default of 16 MB for new objects, many of a lead's objects outlive a collection while the lead
 * waits for its buyers, and copying them takes a tenth of the process's CPU time.
 */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=32'];

/** The arguments for Node that run a compiled file of the product. */
export function nodeArguments(file: 'cli/gavel' | 'local/demo/demoBuyers', ...args: string[]): string[] {
  return [...NODE_FLAGS, fileURLToPath(new URL(`../${file}.js`, import.meta.url)), ...args];
}
