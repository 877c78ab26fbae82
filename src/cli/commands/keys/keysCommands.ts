import { Command } from 'commander';
import { createCommand } from './keysCreate.js';
import { listCommand } from './keysList.js';
import { revokeCommand } from './keysRevoke.js';
import { rotateMasterCommand } from './keysRotateMaster.js';

/** `gavel keys …` */
export function keysCommand(): Command {
  return new Command('keys')
    .description('manage the keys of sellers’ sources, buyers and the admin API, and the master keys')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addCommand(rotateMasterCommand());
}
