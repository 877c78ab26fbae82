import { Command, Help, type Option } from 'commander';
import { rejectRemote } from './useAdmin.js';
import { adminApiCommand } from './commands/services/adminApiCommand.js';
import { apiCommand } from './commands/services/apiCommand.js';
import { applyCommand } from './commands/market/applyCommand.js';
import { auditCommand } from './commands/auditCommand.js';
import { backupCommand, restoreCommand } from './commands/backupCommands.js';
import { booksCommand } from './commands/books/booksCommands.js';
import { buyersCommand } from './commands/buyers/buyersCommands.js';
import { campaignsCommand, contractsCommand } from './commands/market/campaignCommands.js';
import { keysCommand } from './commands/keys/keysCommands.js';
import { leadsCommand } from './commands/leads/leadsCommands.js';
import { marketCommand } from './commands/market/marketCommands.js';
import { postbacksCommand } from './commands/postbacks/postbacksCommands.js';
import { secretsCommand } from './commands/keys/secretsCommands.js';
import { simulateCommand } from './commands/market/simulateCommand.js';
import { stackCommand } from './commands/services/stackCommand.js';
import { statementCommand } from './commands/books/statementCommand.js';
import { suppressionsCommand } from './commands/suppressions/suppressionsCommands.js';
import { upgradeCommand } from './commands/upgradeCommand.js';
import { temporalCommand } from './commands/services/temporalCommand.js';
import { forTerminal } from '../terminal/terminal.js';
import { workerCommand } from './commands/services/workerCommand.js';

const HELP = `
Settings come from the environment; beside a running \`npm start\`, commands find its servers by themselves.
Exit codes: 0 done, 1 failed, with a message on standard error, 2 wrong usage.`;

/** The command line of Gavel, one file a command. */
export function gavelProgram(): Command {
  const program = new Command('gavel')
    .description('a lead exchange you host yourself')
    .option('--remote <url>', 'use the admin API at this address, with the key in GAVEL_ADMIN_KEY')
    .hook('preAction', (_program, command) => rejectRemote(command))
    .addHelpText('after', HELP)
    .addCommand(apiCommand())
    .addCommand(adminApiCommand())
    .addCommand(workerCommand())
    .addCommand(stackCommand())
    .addCommand(applyCommand())
    .addCommand(marketCommand())
    .addCommand(buyersCommand())
    .addCommand(campaignsCommand())
    .addCommand(contractsCommand())
    .addCommand(keysCommand())
    .addCommand(secretsCommand())
    .addCommand(leadsCommand())
    .addCommand(postbacksCommand())
    .addCommand(suppressionsCommand())
    .addCommand(simulateCommand())
    .addCommand(statementCommand())
    .addCommand(booksCommand())
    .addCommand(auditCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(upgradeCommand())
    .addCommand(temporalCommand());
  forAll(program, (command) => {
    command.exitOverride().showHelpAfterError('Add --help to see how it is used.');
    command.configureHelp({ optionDescription });
    command.configureOutput({
      writeOut: (text) => process.stdout.write(forTerminal(text)),
      writeErr: (text) => process.stderr.write(forTerminal(text)),
    });
  });
  return program;
}

/** Leaves out the default of switches: they are off. */
function optionDescription(this: Help, option: Option): string {
  return option.isBoolean() ? option.description : Help.prototype.optionDescription.call(this, option);
}

/** Settings of a command don't apply to its subcommands. */
function forAll(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const each of command.commands) forAll(each, change);
}
