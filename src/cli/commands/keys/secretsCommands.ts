import { Command } from 'commander';
import {
  Overlap,
  rotateSecretOperation,
  showSecret,
  type SecretView,
} from '../../../operations/keys/secretsOperations.js';
import { namedListCommand, namedRemoveCommand, namedSetCommand } from './namedSecretsCommands.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { fitting } from '../../argumentParsers.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../../terminal/print.js';

interface Options {
  buyer?: string;
  seller?: string;
  json: boolean;
}

export function secretsCommand(): Command {
  return new Command('secrets')
    .description(
      'show and rotate the secrets that sign messages, and set the secrets that the market file names',
    )
    .addCommand(
      command('show', 'print the secret of a buyer or seller; the audit records who read it').action(show),
    )
    .addCommand(
      command(
        'rotate',
        'create and print a new secret of a buyer or seller; the old one also signs for a while',
      )
        .option(
          '--overlap <duration>',
          'how long the old one also signs; 0s revokes it and all older ones at once',
          fitting(Overlap, 'Write a duration like 24h, at most 30d.'),
          '24h',
        )
        .action(rotate),
    )
    .addCommand(namedListCommand())
    .addCommand(namedSetCommand())
    .addCommand(namedRemoveCommand());
}

const command = (name: string, description: string): Command =>
  adminCommand(name)
    .description(description)
    .option('--buyer <id>', 'whose')
    .option('--seller <code|slug>', 'instead: the seller’s, which signs its postbacks and checks')
    .option('--json', 'print it as JSON', false);

async function show({ json, ...asked }: Options, command: Command): Promise<void> {
  checkOwner(asked);
  tell(await useAdmin(command, (call) => call(showSecret, asked)), json);
}

async function rotate({ json, ...asked }: Options & { overlap: string }, command: Command): Promise<void> {
  checkOwner(asked);
  tell(await useAdmin(command, (call) => call(rotateSecretOperation, asked)), json);
}

/** The secret is alone on standard output, so that a script can take it; what is said about it goes beside it. */
function tell(secret: SecretView, json: boolean): void {
  if (json) {
    printJson(secret);
    return;
  }
  const { kind, id, previous_until, older_until = [] } = secret;
  print(secret.secret);
  const what = kind === 'seller' ? 'postbacks' : 'requests';
  const until = (at: string): string => formatUtc(Date.parse(at));
  const before = previous_until && `The one before it signs too until ${until(previous_until)}.`;
  const older = older_until.map((at) => `An older one signs too until ${until(at)}.`);
  const end = previous_until && 'If one of them has leaked, rotate with --overlap 0s: this ends all of them.';
  printError([`Signs the ${what} to ${id}.`, before, ...older, end].filter(Boolean).join(' '));
}

function checkOwner({ buyer, seller }: Pick<Options, 'buyer' | 'seller'>): void {
  if ((buyer === undefined) === (seller === undefined))
    throw new CommandFailed('Name the secret’s owner: --buyer ID or --seller CODE.');
}
