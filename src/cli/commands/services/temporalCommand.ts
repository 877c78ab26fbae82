import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { pickSettings, TEMPORAL_SETTINGS } from '../../../config.js';
import { localCommand } from '../../useAdmin.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';

/** `gavel temporal …`: Temporal's own command line, with the connection of Gavel's settings. */
export function temporalCommand(): Command {
  return localCommand('temporal', 'it connects to Temporal itself. Run it where Temporal can be reached.')
    .description('run Temporal’s own command line, connected to the Temporal of the settings')
    .argument('[args...]', 'what `temporal` is to do: workflow list, workflow show …')
    .helpOption(false)
    .allowUnknownOption()
    .action(runTemporal);
}

async function runTemporal(args: string[]): Promise<void> {
  // Loaded here, so that the other commands don't wait for what only this one needs.
  const { findTemporal } = await import('../../../local/servers/findPrograms.js');
  const program = findTemporal();
  if (program === undefined)
    throw new CommandFailed(
      'There is no program `temporal` here. Run `npm start` once, which downloads it, or install the Temporal CLI and put it on PATH.',
    );
  const env = { ...process.env };
  for (const [name, value] of Object.entries(pickSettings(TEMPORAL_SETTINGS))) env[name] = String(value);
  const child = spawn(program, args, { stdio: 'inherit', env });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  // Ctrl-C reaches both; the program decides what it means.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  const how = await ended.finally(() => process.off('SIGINT', ignore));
  if (how !== 'exit code 0') throw new CommandFailed(`temporal failed (${how}).`);
}
