import { Command, Help, type Option } from 'commander';
import { rejectRemote } from './useAdmin.js';
import { forTerminal } from '../terminal/terminal.js';

const HELP = `
Settings come from the environment; beside a running \`npm start\`, commands find its servers by themselves.
Exit codes: 0 done, 1 failed, with a message on standard error, 2 wrong usage.`;

/** The commands, in the order of the help. Only the one that is used is loaded, so that it starts faster. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./commands/services/serveCommand.js')).serveCommand(),
  api: async () => (await import('./commands/services/apiCommands.js')).apiCommand(),
  admin: async () => (await import('./commands/services/apiCommands.js')).adminApiCommand(),
  worker: async () => (await import('./commands/services/workerCommand.js')).workerCommand(),
  stack: async () => (await import('./commands/services/stackCommand.js')).stackCommand(),
  apply: async () => (await import('./commands/market/applyCommand.js')).applyCommand(),
  market: async () => (await import('./commands/market/marketCommands.js')).marketCommand(),
  buyers: async () => (await import('./commands/buyers/buyersCommands.js')).buyersCommand(),
  campaigns: async () => (await import('./commands/market/campaignCommands.js')).campaignsCommand(),
  contracts: async () => (await import('./commands/market/campaignCommands.js')).contractsCommand(),
  keys: async () => (await import('./commands/keys/keysCommands.js')).keysCommand(),
  secrets: async () => (await import('./commands/keys/secretsCommands.js')).secretsCommand(),
  sources: async () => (await import('./commands/sources/sourcesCommands.js')).sourcesCommand(),
  leads: async () => (await import('./commands/leads/leadsCommands.js')).leadsCommand(),
  postbacks: async () => (await import('./commands/postbacks/postbacksCommands.js')).postbacksCommand(),
  suppressions: async () =>
    (await import('./commands/suppressions/suppressionsCommands.js')).suppressionsCommand(),
  simulate: async () => (await import('./commands/market/simulateCommand.js')).simulateCommand(),
  statement: async () => (await import('./commands/books/booksCommands.js')).statementCommand(),
  books: async () => (await import('./commands/books/booksCommands.js')).booksCommand(),
  audit: async () => (await import('./commands/auditCommand.js')).auditCommand(),
  backup: async () => (await import('./commands/backupCommands.js')).backupCommand(),
  restore: async () => (await import('./commands/backupCommands.js')).restoreCommand(),
  upgrade: async () => (await import('./commands/upgradeCommand.js')).upgradeCommand(),
  temporal: async () => (await import('./commands/services/temporalCommand.js')).temporalCommand(),
};

/**
 * The command line of Gavel.
 * @param args loads only the command that they name; by default, or if they name none, all commands
 */
export async function gavelProgram(args: string[] = []): Promise<Command> {
  const program = new Command('gavel')
    .description('a lead exchange you host yourself')
    .option('--remote <url>', 'use the admin API at this address, with the key in GAVEL_ADMIN_KEY')
    .hook('preAction', (_program, command) => rejectRemote(command))
    .addHelpText('after', HELP);
  const named = Object.entries(COMMANDS).filter(([name]) => name === commandIn(args));
  const needed = named.length > 0 ? named : Object.entries(COMMANDS);
  for (const command of await Promise.all(needed.map(([, load]) => load()))) program.addCommand(command);
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

/** The first word that is not the option `--remote`. */
function commandIn([first = '', ...rest]: string[]): string {
  if (first === '--remote') return commandIn(rest.slice(1));
  return first.startsWith('--remote=') ? commandIn(rest) : first;
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
