import { InvalidArgumentError, type Command } from 'commander';
import Value from 'typebox/value';
import { AdminName, createKeyOperation } from '../../../operations/keys/keysOperations.js';
import { nearest } from '../../../market/nearest.js';
import { SourceName } from '../../../market/file/values.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { SCOPE_NAMES, type Scope } from '../../../store/scopes.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { parseFutureTime } from '../../argumentParsers.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../../terminal/print.js';

interface Options {
  seller?: string;
  buyer?: string;
  admin?: string;
  scopes?: Scope[];
  source?: string;
  test: boolean;
  limit?: number;
  expires?: Date;
  json: boolean;
}

/** `gavel keys create --seller CODE` */
export function createCommand(): Command {
  return adminCommand('create')
    .description(
      'create a key for a source of a seller, for a buyer, or for the admin API; it is shown only once',
    )
    .option('--seller <code|slug>', 'the seller whose leads are sent with it')
    .option('--buyer <id>', 'instead: the buyer that returns leads with it')
    .option('--admin <name>', 'instead: the user of the admin API, as named in the audit', adminName)
    .option(
      '--scopes <list>',
      `permissions of an admin key, separated by commas: ${SCOPE_NAMES.join(', ')}`,
      scopeList,
    )
    .option('--source <name>', 'name of the source in contracts (default: the key’s id)', sourceName)
    .option('--test', 'mark every lead sent with it as a test, which moves no money', false)
    .option(
      '--limit <per minute>',
      'requests a minute, instead of the setting RATE_LIMIT_PER_MINUTE',
      perMinute,
    )
    .option(
      '--expires <when>',
      'a date (2027-01-31, from its first moment, UTC), a time, or from now: 90d',
      parseFutureTime,
    )
    .option('--json', 'print the key as JSON', false)
    .action(create);
}

async function create({ json, ...options }: Options, command: Command): Promise<void> {
  const { seller, buyer, admin, scopes, source, test, limit, expires } = options;
  if ([seller, buyer, admin].filter((one) => one !== undefined).length !== 1)
    throw new CommandFailed('Name the key’s owner: --seller CODE, --buyer ID or --admin NAME.');
  if ((admin === undefined) !== (scopes === undefined))
    throw new CommandFailed('--admin NAME and --scopes LIST belong together: give both or neither.');
  const owner = { seller, buyer, admin, scopes };
  const asked = { ...owner, source, test, limit, expires_at: expires?.toISOString() };
  const made = await useAdmin(command, (call) => call(createKeyOperation, asked));
  if (json) {
    printJson(made);
    return;
  }
  // Alone on standard output, so that a script can take it; what is said about it goes beside it.
  print(made.key);
  const until =
    made.expires_at === undefined ? 'does not expire' : `expires ${formatUtc(new Date(made.expires_at))}`;
  const rate = limit === undefined ? '' : `, ${limit} a minute`;
  printError(`${made.id}: ${purpose(options)} ${made.of}${rate}; ${until}.`);
  printError('It is shown only once: only its hash is stored.');
}

function purpose({ buyer, admin, test }: Omit<Options, 'json'>): string {
  if (admin !== undefined) return 'opens the admin API to';
  return buyer === undefined ? `sends ${test ? 'test ' : ''}leads of` : 'gives leads back for';
}

function adminName(text: string): string {
  if (Value.Check(AdminName, text)) return text;
  throw new InvalidArgumentError(
    'Write a name like dana or ops-laptop: letters, digits and ._@-, at most 64.',
  );
}

function scopeList(text: string): Scope[] {
  return [...new Set(text.split(',').map((name) => name.trim()))].map((name) => {
    const scope = SCOPE_NAMES.find((one) => one === name);
    if (scope !== undefined) return scope;
    const meant = nearest(name, SCOPE_NAMES);
    throw new InvalidArgumentError(
      meant === undefined
        ? `The scopes are ${SCOPE_NAMES.join(', ')}.`
        : `"${name}" is not a scope. Did you mean ${meant}?`,
    );
  });
}

function sourceName(text: string): string {
  if (Value.Check(SourceName, text)) return text;
  throw new InvalidArgumentError(
    'Write a name like landing-page: a-z, 0-9, _ and single hyphens, at most 64.',
  );
}

function perMinute(text: string): number {
  const limit = Number(text);
  if (/^\d{1,7}$/.test(text) && limit > 0) return limit;
  throw new InvalidArgumentError('Write a whole number of requests, 1 or more.');
}
