import type { ApiAddress } from './apiAddress.js';
import { nodeArguments } from './gavelProcess.js';
import type { Plan } from './processes/startPlan.js';
import type { Part } from './processes/processes.js';
import { waitUntil } from './processes/waitUntil.js';

/**
 * A worker; it says that it is ready by a message.
 * @param nodeFlags flags for its Node, such as those of the profiler
 */
export const workerPlan = (env: NodeJS.ProcessEnv, nodeFlags: readonly string[] = []): Plan => ({
  command: {
    name: 'worker',
    command: process.execPath,
    args: [...nodeFlags, ...nodeArguments('cli/gavel', 'worker')],
    env,
    ipc: true,
  },
  ready: readyMessage,
});

/** An API, likewise; it is ready when /ready says so. */
export const apiPlan = (
  env: NodeJS.ProcessEnv,
  { port, url }: ApiAddress,
  nodeFlags: readonly string[] = [],
): Plan => ({
  command: {
    name: 'api',
    command: process.execPath,
    args: [...nodeFlags, ...nodeArguments('cli/gavel', 'api')],
    env: { ...env, PORT: String(port) },
  },
  ports: [port],
  ready: (part) => waitUntil(part, async () => (await fetch(`${url}/ready`)).ok),
});

/** An admin API; it says that it is ready by a message. */
export const adminPlan = (env: NodeJS.ProcessEnv, { port }: ApiAddress): Plan => ({
  command: {
    name: 'admin',
    command: process.execPath,
    args: nodeArguments('cli/gavel', 'admin'),
    env: { ...env, ADMIN_PORT: String(port) },
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
