import { Command } from 'commander';
import { createCommand } from './keysCreate.js';
import { listCommand } from './keysList.js';
import { revokeCommand } from './keysRevoke.js';
import { rotateMasterCommand } from './keysRotateMaster.js';

/** `gavel keys …` */
export function keysCommand(): Command {
  return new Command('keys')
    .description('the API keys of the sellers’ sources and of buyers, and the master keys')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand())
    .addCommand(rotateMasterCommand());
}
