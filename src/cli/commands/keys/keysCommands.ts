import { Command, InvalidArgumentError } from 'commander';
import {
  AdminName,
  createKeyOperation,
  showKeys,
  type KeyView,
  revokeKeyOperation,
} from '../../../operations/keys/keysOperations.js';
import { nearest } from '../../../market/nearest.js';
import { SourceName } from '../../../market/file/values.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { SCOPE_NAMES, type Scope } from '../../../store/scopes.js';
import { adminCommand, useAdmin, localCommand } from '../../useAdmin.js';
import { fitting, parseFutureTime } from '../../argumentParsers.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { print, printError, printJson, table, type Cell } from '../../../terminal/print.js';
import { withProgress } from '../../../terminal/showProgress.js';
import { recordAuditEvent } from '../../../store/audit.js';
import { rewrap } from '../../../store/keys/rewrap.js';
import { cliActor } from '../../../terminal/currentUser.js';
import { useDatabaseWithKeys } from '../../../terminal/useDatabase.js';

export function keysCommand(): Command {
  return new Command('keys')
    .description('manage the keys of sellers’ sources, buyers and the admin API, and the master keys')
    .addCommand(
      adminCommand('create')
        .description(
          'create a key for a source of a seller, for a buyer, or for the admin API; it is shown only once',
        )
        .option('--seller <code|slug>', 'the seller whose leads are sent with it')
        .option('--buyer <id>', 'instead: the buyer that returns leads with it')
        .option(
          '--admin <name>',
          'instead: the user of the admin API, as named in the audit',
          fitting(AdminName, 'Write a name like dana or ops-laptop: letters, digits and ._@-, at most 64.'),
        )
        .option(
          '--scopes <list>',
          `permissions of an admin key, separated by commas: ${SCOPE_NAMES.join(', ')}`,
          scopeList,
        )
        .option(
          '--source <name>',
          'name of the source in contracts (default: the key’s id)',
          fitting(SourceName, 'Write a name like landing-page: a-z, 0-9, _ and single hyphens, at most 64.'),
        )
        .option('--test', 'mark every lead sent with it as a test, which moves no money', false)
        .option(
          '--address',
          'make it part of the address /in/SOURCE/KEY, for form builders that set no header; needs --source',
          false,
        )
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
        .action(create),
    )
    .addCommand(
      adminCommand('list')
        .description(
          'list keys, oldest first; the keys themselves are not shown, only their hashes are stored',
        )
        .option('--seller <code|slug>', 'only this seller’s')
        .option('--json', 'print the keys as JSON', false)
        .action(list),
    )
    .addCommand(
      adminCommand('revoke')
        .description('permanently revoke a key; requests with it are refused within 2 s')
        .argument('<id>', 'its id (key_…), or the key itself')
        .option('--at <when>', 'revoke it at a date, a time, or a duration from now (7d)', parseFutureTime)
        .option('--json', 'print the outcome as JSON', false)
        .action(revoke),
    )
    .addCommand(
      localCommand('rotate-master', WHY_HERE)
        .description('re-encrypt all data with the first key in MASTER_KEYS so older keys can be removed')
        .option('--json', 'print the outcome as JSON', false)
        .action(rotate),
    );
}

interface CreateOptions {
  seller?: string;
  buyer?: string;
  admin?: string;
  scopes?: Scope[];
  source?: string;
  test: boolean;
  address: boolean;
  limit?: number;
  expires?: Date;
  json: boolean;
}

async function create({ json, ...options }: CreateOptions, command: Command): Promise<void> {
  const { seller, buyer, admin, scopes, source, test, address, limit, expires } = options;
  if ([seller, buyer, admin].filter((one) => one !== undefined).length !== 1)
    throw new CommandFailed('Name the key’s owner: --seller CODE, --buyer ID or --admin NAME.');
  if ((admin === undefined) !== (scopes === undefined))
    throw new CommandFailed('--admin NAME and --scopes LIST belong together: give both or neither.');
  const owner = { seller, buyer, admin, scopes };
  const asked = {
    ...owner,
    source,
    test,
    address: address || undefined,
    limit,
    expires_at: expires?.toISOString(),
  };
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
  if (address)
    printError(`The address is /in/${source ?? ''}/KEY with this key, below that of the Lead API.`);
  printError('It is shown only once: only its hash is stored.');
}

function purpose({ buyer, admin, test }: Omit<CreateOptions, 'json'>): string {
  if (admin !== undefined) return 'opens the admin API to';
  return buyer === undefined ? `sends ${test ? 'test ' : ''}leads of` : 'gives leads back for';
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

function perMinute(text: string): number {
  const limit = Number(text);
  if (/^\d{1,7}$/.test(text) && limit > 0) return limit;
  throw new InvalidArgumentError('Write a whole number of requests, 1 or more.');
}

async function list({ seller, json }: { seller?: string; json: boolean }, command: Command): Promise<void> {
  const { keys } = await useAdmin(command, (call) => call(showKeys, { seller }));
  if (json) printJson({ keys });
  else if (keys.length === 0)
    print('There is no key yet. Create one with `gavel keys create --seller CODE`.');
  else
    print(
      table(
        ['id', 'of', 'source', 'is for', 'a minute', 'status', 'created', 'by', 'expires'],
        keys.map(row),
      ),
    );
}

const row = (key: KeyView): Cell[] => [
  key.id,
  ownerOf(key),
  key.seller === undefined ? '' : key.source,
  purposeOf(key),
  key.limit === undefined ? 'default' : String(key.limit),
  key.status,
  key.created_at.slice(0, 10),
  key.made_by ?? '',
  key.expires_at === undefined ? 'never' : formatUtc(new Date(key.expires_at)),
];

function ownerOf({ seller, buyer, admin = '' }: KeyView): string {
  if (seller !== undefined) return seller;
  return buyer === undefined ? `admin ${admin}` : `buyer ${buyer}`;
}

function purposeOf({ seller, scopes, test }: KeyView): Cell {
  if (scopes !== undefined) return wrapped(scopes);
  if (seller === undefined) return 'returns';
  return test ? 'test leads' : 'live leads';
}

const WIDEST = 48;

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDEST) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

async function revoke(
  key: string,
  { at, json }: { at?: Date; json: boolean },
  command: Command,
): Promise<void> {
  const asked = { key, expires_at: at?.toISOString() };
  const ended = await useAdmin(command, (call) => call(revokeKeyOperation, asked));
  if (json) printJson(ended);
  else if (at === undefined) print(`${ended.id} is revoked; requests with it are refused within 2 s.`);
  else print(`${ended.id} is valid until ${formatUtc(at)}; requests with it are refused from then on.`);
  if (!json && ended.made) print(`Keys that were created with it stay valid: ${ended.made.join(', ')}.`);
}

const WHY_HERE =
  'it needs the old and the new master key, which no API receives. Run it where MASTER_KEYS has both and MONGODB_URL is set; see docs/backup.md.';

async function rotate({ json }: { json: boolean }): Promise<void> {
  const outcome = await withProgress((progress) =>
    useDatabaseWithKeys(async (database) => {
      const leads = await rewrap(database, (done) => progress(`${done} leads`));
      const { current: key } = database.vault.masterKeys();
      const of = { kind: 'database', id: database.db.databaseName } as const;
      const values = [{ path: 'master_key', to: key }];
      await recordAuditEvent(database, cliActor(), { ...of, did: 'put under a master key', values });
      return { leads, key };
    }),
  );
  if (json) printJson(outcome);
  else
    print(
      `All data is encrypted with the master key "${outcome.key}"; ${outcome.leads} leads were re-encrypted. Other keys in MASTER_KEYS are needed only for older backups.`,
    );
}
