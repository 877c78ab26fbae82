import { Command } from 'commander';
import { buyersListCommand } from './buyersList.js';
import { buyersTestCommand } from './buyersTest.js';
import { topUpCommand } from './buyersTopUp.js';

/** `gavel buyers …` */
export function buyersCommand(): Command {
  return new Command('buyers')
    .description('buyers, what they have left, and what they pay in')
    .addCommand(buyersListCommand())
    .addCommand(topUpCommand())
    .addCommand(buyersTestCommand());
}
