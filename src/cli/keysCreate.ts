import { Command, InvalidArgumentError } from 'commander';
import Value from 'typebox/value';
import { parseDuration } from '../market/file/duration.js';
import { SourceName } from '../market/file/values.js';
import { moment } from '../market/moment.js';
import { ensureIndexes, type Database } from '../store/db.js';
import { createKey, type Owner } from '../store/keys.js';
import { buyerNamed } from './buyerNamed.js';
import { CommandFailed } from './commandFailed.js';
import { keyView } from './keyView.js';
import { pointInTime } from './pointInTime.js';
import { print, printJson } from './print.js';
import { sellerNamed } from './sellerNamed.js';
import { useDatabase } from './useDatabase.js';

interface Options {
  seller?: string;
  buyer?: string;
  source?: string;
  test: boolean;
  limit?: number;
  expires?: Date;
  json: boolean;
}

/** `gavel keys create --seller CODE` */
export function createCommand(): Command {
  return new Command('create')
    .description('make a key for a source of a seller, or for a buyer; it is shown this once')
    .option('--seller <code|slug>', 'the seller whose leads it sends')
    .option('--buyer <id>', 'instead: the buyer that gives leads back with it')
    .option('--source <name>', 'what contracts know the source by; the key’s id unless given', sourceName)
    .option('--test', 'mark every lead it sends as a test, which moves no money', false)
    .option(
      '--limit <per minute>',
      'requests a minute, instead of the setting RATE_LIMIT_PER_MINUTE',
      perMinute,
    )
    .option(
      '--expires <when>',
      'a date (2027-01-31, from its first moment, UTC), a time, or from now: 90d',
      future,
    )
    .option('--json', 'print the key as JSON', false)
    .action(create);
}

async function create({ seller: name, buyer, source, test, limit, expires, json }: Options): Promise<void> {
  await useDatabase(async (database) => {
    await ensureIndexes(database);
    const owner = await ownerOf(database, name, buyer);
    if (buyer !== undefined && (test || source !== undefined))
      throw new CommandFailed('--test and --source are for keys that send leads; a buyer’s key sends none.');
    const { key, document } = await createKey(database, {
      ...owner.of,
      source,
      test,
      limit,
      expiresAt: expires,
    });
    if (json) {
      printJson({ key, ...keyView(document, new Date()) });
      return;
    }
    // Alone on standard output, so that a script can take it; what is said about it goes beside it.
    print(key);
    const until = expires === undefined ? 'does not expire' : `expires ${moment(expires)}`;
    const rate = limit === undefined ? '' : `, ${limit} a minute`;
    console.error(
      `${document._id}: ${buyer === undefined ? `sends ${test ? 'test ' : ''}leads of` : 'gives leads back for'} ${owner.name}${rate}; ${until}.`,
    );
    console.error('It is shown this once: only its hash is kept.');
  });
}

/** Whose key it is to be. */
async function ownerOf(
  database: Database,
  seller: string | undefined,
  buyer: string | undefined,
): Promise<{ of: Owner; name: string }> {
  if (seller !== undefined && buyer === undefined) {
    const { code, name } = await sellerNamed(database, seller);
    return { of: { seller: code }, name: `${name} (${code})` };
  }
  if (buyer !== undefined && seller === undefined) {
    const { id, name } = await buyerNamed(database, buyer);
    return { of: { buyer: id }, name: `${name} (${id})` };
  }
  throw new CommandFailed('Say whose key it is: --seller CODE or --buyer ID.');
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
  throw new InvalidArgumentError('It is a whole number of requests, 1 or more.');
}

function future(text: string): Date {
  const span = parseDuration(text);
  const at = span === undefined ? pointInTime(text) : new Date(Date.now() + span);
  if (at === undefined)
    throw new InvalidArgumentError('Write a date like 2027-01-31 or a duration like 90d.');
  if (at.getTime() <= Date.now()) throw new InvalidArgumentError(`${moment(at)} has passed already.`);
  return at;
}
