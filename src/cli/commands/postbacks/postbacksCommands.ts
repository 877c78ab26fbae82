import { Command } from 'commander';
import { testCommand } from './postbacksTest.js';

/** `gavel postbacks …` */
export function postbacksCommand(): Command {
  return new Command('postbacks')
    .description('what sellers are told of their leads')
    .addCommand(testCommand());
}
