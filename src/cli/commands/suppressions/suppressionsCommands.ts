import { Command } from 'commander';
import { importCommand, removeCommand } from './suppressionsChange.js';
import { listCommand } from './suppressionsList.js';

/** `gavel suppressions …` */
export function suppressionsCommand(): Command {
  return new Command('suppressions')
    .description('manage lists of persons whose leads must not be sold, or not to a buyer')
    .addCommand(importCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}
