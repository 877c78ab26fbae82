import { Command } from 'commander';
import { showCommand } from './leadsShow.js';

/** `gavel leads …` */
export function leadsCommand(): Command {
  return new Command('leads').description('leads and what became of them').addCommand(showCommand());
}
