import { InvalidArgumentError, type Command } from 'commander';
import Value from 'typebox/value';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import {
  removeNamedSecretOperation,
  SecretName,
  setNamedSecretOperation,
  showNamedSecrets,
} from '../../../operations/keys/namedSecretsOperations.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../../terminal/print.js';
import { readText } from '../../../terminal/readText.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';

/** `gavel secrets list` */
export const namedListCommand = (): Command =>
  adminCommand('list')
    .description('list the secrets that the market file refers to by name; they are not shown')
    .option('--buyer <id>', 'only those of this buyer’s own protocol')
    .option('--json', 'print them as JSON', false)
    .action(list);

/** `gavel secrets set NAME` */
export const namedSetCommand = (): Command =>
  adminCommand('set')
    .description(
      'set or replace a secret that the market file refers to by name; read from standard input, never shown',
    )
    .argument('<name>', 'as in {{secret:NAME}}, or in {{ secret.NAME }} of a buyer’s protocol', secretName)
    .option('--buyer <id>', 'of this buyer’s own protocol')
    .option('--json', 'print its name as JSON', false)
    .action(set);

/** `gavel secrets remove NAME` */
export const namedRemoveCommand = (): Command =>
  adminCommand('remove')
    .description('remove a named secret')
    .argument('<name>', 'its name', secretName)
    .option('--buyer <id>', 'of this buyer’s own protocol')
    .option('--json', 'print its name as JSON', false)
    .action(remove);

interface Options {
  buyer?: string;
  json: boolean;
}

async function list({ buyer, json }: Options, command: Command): Promise<void> {
  const { secrets } = await useAdmin(command, (call) => call(showNamedSecrets, { buyer }));
  if (json) {
    printJson({ secrets });
    return;
  }
  if (secrets.length === 0) printError('There are none.');
  for (const { set_at, ...named } of secrets) {
    const when = set_at && `set ${formatUtc(Date.parse(set_at))}`;
    print([ownedName(named), when].filter(Boolean).join('  '));
  }
}

async function set(name: string, { buyer, json }: Options, command: Command): Promise<void> {
  const value = (await readText('-')).trim();
  if (value === '')
    throw new CommandFailed(
      'Standard input is empty. Write the secret to it: echo … | gavel secrets set NAME',
    );
  const named = await useAdmin(command, (call) => call(setNamedSecretOperation, { name, buyer, value }));
  if (json) printJson(named);
  else printError(`${ownedName(named)} is set; it is in force within 2 s.`);
}

async function remove(name: string, { buyer, json }: Options, command: Command): Promise<void> {
  const named = await useAdmin(command, (call) => call(removeNamedSecretOperation, { name, buyer }));
  if (json) printJson(named);
  else printError(`${ownedName(named)} is removed.`);
}

const ownedName = ({ name, buyer }: { name: string; buyer?: string }): string =>
  buyer === undefined ? name : `${name} of ${buyer}`;

function secretName(text: string): string {
  if (Value.Check(SecretName, text)) return text;
  throw new InvalidArgumentError(
    'Write a name like TYPEFORM: a letter, then letters, digits and _, at most 64.',
  );
}
