import { Command } from 'commander';
import { buyersListCommand } from './buyersList.js';
import { buyersTestCommand } from './buyersTest.js';
import { topUpCommand } from './buyersTopUp.js';
import { buyerPauses } from '../market/pauseCommands.js';

/** `gavel buyers …` */
export function buyersCommand(): Command {
  const command = new Command('buyers')
    .description('list, top up, test, pause and resume buyers')
    .addCommand(buyersListCommand())
    .addCommand(topUpCommand())
    .addCommand(buyersTestCommand());
  for (const one of buyerPauses()) command.addCommand(one);
  return command;
}
