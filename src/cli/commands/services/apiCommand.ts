import { Command } from 'commander';
import type { Settings } from '../../../config.js';
import { runApi } from './runApi.js';

/** Time for a balancer to notice, for what is left of the longest answer window, and to close the connections. */
export const apiGraceMs = (settings: Settings): number =>
  settings.STOP_DELAY_MS + settings.ANSWER_WINDOW_MS + 10_000;

/** `gavel api` */
export function apiCommand(): Command {
  return new Command('api')
    .description('run the Lead API (stop with Ctrl-C); it logs one JSON object a line')
    .action(() =>
      runApi({ name: 'api', start: 'startApi', listensOn: ['HOST', 'PORT'], graceMs: apiGraceMs }),
    );
}
