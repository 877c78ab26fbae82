import { Command } from 'commander';
import { eraseCommand } from './leadsErase.js';
import { erasuresCommand } from './leadsErasures.js';
import { listCommand } from './leadsList.js';
import { resolveCommand } from './leadsResolve.js';
import { retryCommand } from './leadsRetry.js';
import { reasonsCommand } from './leadsReasons.js';
import { showCommand } from './leadsShow.js';
import { withdrawCommand } from './leadsWithdraw.js';

/** `gavel leads …` */
export function leadsCommand(): Command {
  return new Command('leads')
    .description('list, show, retry, withdraw and erase leads')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(retryCommand())
    .addCommand(resolveCommand())
    .addCommand(reasonsCommand())
    .addCommand(withdrawCommand())
    .addCommand(eraseCommand())
    .addCommand(erasuresCommand());
}
