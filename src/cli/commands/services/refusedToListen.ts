import type { Settings } from '../../../config.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';

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
