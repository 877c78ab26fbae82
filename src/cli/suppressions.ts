import { Command } from 'commander';
import { importCommand, removeCommand } from './suppressionsChange.js';
import { listCommand } from './suppressionsList.js';

/** `gavel suppressions …` */
export function suppressionsCommand(): Command {
  return new Command('suppressions')
    .description('persons whose leads must not be sold, by phone or e-mail')
    .addCommand(importCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}
