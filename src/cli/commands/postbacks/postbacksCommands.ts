import { Command } from 'commander';
import { testCommand } from './postbacksTest.js';

/** `gavel postbacks …` */
export function postbacksCommand(): Command {
  return new Command('postbacks').description('test postbacks to sellers').addCommand(testCommand());
}
