import { nodeArguments } from './gavelProcess.js';
import type { Part, Processes } from './processes.js';
import { waitUntil } from './waitUntil.js';

/**
 * The worker; it says that it is ready by a message.
 * @param nodeFlags flags for its Node, such as those of the profiler
 */
export async function startWorkerPart(
  processes: Processes,
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Promise<void> {
  const part = processes.start({
    name: 'worker',
    command: process.execPath,
    args: [...nodeFlags, ...nodeArguments('cli/gavel', 'worker')],
    env,
    ipc: true,
  });
  await readyMessage(part);
}

/** The API, likewise; it is ready when /ready says so. */
export async function startApiPart(
  processes: Processes,
  env: NodeJS.ProcessEnv,
  address: string,
  nodeFlags: readonly string[] = [],
): Promise<void> {
  const part = processes.start({
    name: 'api',
    command: process.execPath,
    args: [...nodeFlags, ...nodeArguments('cli/gavel', 'api')],
    env,
  });
  await waitUntil(part, async () => (await fetch(`${address}/ready`)).ok);
}

/** The admin API; it says that it is ready by a message. */
export async function startAdminPart(processes: Processes, env: NodeJS.ProcessEnv): Promise<void> {
  const args = nodeArguments('cli/gavel', 'admin');
  await readyMessage(processes.start({ name: 'admin', command: process.execPath, args, env, ipc: true }));
}

/** Waits for the message `{"event": "ready"}`, or for the end of the part, which is an error. */
export async function readyMessage(part: Part): Promise<void> {
  let ready = false;
  part.child.on('message', (message) => {
    ready ||= typeof message === 'object' && 'event' in message && message.event === 'ready';
  });
  await waitUntil(part, async () => ready);
}
