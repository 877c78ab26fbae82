import { Command } from 'commander';
import { type Settings, readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';
import { runService } from './runService.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';

/** Time for a balancer to notice, for what is left of the longest answer window, and to close the connections. */
export const apiGraceMs = (settings: Settings): number =>
  settings.STOP_DELAY_MS + settings.ANSWER_WINDOW_MS + 10_000;

export function apiCommand(): Command {
  return new Command('api')
    .description('run the Lead API (stop with Ctrl-C); it logs one JSON object a line')
    .action(() =>
      runApi({ name: 'api', start: 'startApi', listensOn: ['HOST', 'PORT'], graceMs: apiGraceMs }),
    );
}

/** More than an erasure needs that waits for its lead's workflow. */
const GRACE_MS = 10_000;

export function adminApiCommand(): Command {
  return new Command('admin')
    .description('run the admin API (stop with Ctrl-C); it logs one JSON object a line')
    .action(() =>
      runApi({
        name: 'admin',
        start: 'startAdminApi',
        listensOn: ['ADMIN_HOST', 'ADMIN_PORT'],
        graceMs: () => GRACE_MS,
      }),
    );
}

interface Api {
  name: 'api' | 'admin';
  start: 'startApi' | 'startAdminApi';
  listensOn: Parameters<typeof refusedToListen>[2];
  graceMs: (settings: Settings) => number;
}

export async function runApi({ name, start, listensOn, graceMs }: Api): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, name);
  await runService(log, graceMs(settings), async () => {
    // Loaded here, so that the other commands don't wait for what only the APIs need.
    const [server, { gaugeSources, serveMetrics }] = await Promise.all([
      import('../../../api/server.js'),
      import('../../../metrics.js'),
    ]);
    const metrics = await serveMetrics(settings);
    const running = await server[start](settings, log).catch((error: unknown) => {
      throw refusedToListen(error, settings, listensOn) ?? explainDatabaseError(error, settings.MONGODB_URL);
    });
    gaugeSources.ready = () => running.ready();
    return {
      ready: { address: running.address },
      close: async () => {
        await running.close();
        await metrics.close();
      },
    };
  });
}

/**
 * The error of a server that could not listen, with its remedy; undefined for other errors.
 * @param names the settings of its address and port
 */
export function refusedToListen(
  error: unknown,
  settings: Settings,
  [host, port]: ['HOST', 'PORT'] | ['ADMIN_HOST', 'ADMIN_PORT'],
): CommandFailed | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new CommandFailed(
      `Port ${settings[port]} of ${settings[host]} is used by another program. Stop that program, or set ${port} (0: any free one).`,
    );
  }
  if (code === 'EACCES')
    return new CommandFailed(`Port ${settings[port]} may not be used by this user; set ${port} above 1023.`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandFailed(
      `This machine has no address ${settings[host]}; set ${host} to one it has (0.0.0.0: all).`,
    );
  }
  return undefined;
}
