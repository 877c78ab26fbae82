import Type from 'typebox';
import { SourceName } from '../../market/file/values.js';
import type { Database } from '../../store/db.js';
import { ensureIndexes } from '../../store/upkeep/indexes.js';
import {
  createKey,
  expireKey,
  findKey,
  listKeys,
  looksLikeKey,
  keysMadeWith,
  revokeKey,
  type Owner,
} from '../../store/keys/apiKeys.js';
import type { KeyDocument } from '../../store/documents.js';
import { SCOPE_NAMES, type Scope } from '../../store/scopes.js';
import { ApiError } from '../refusal.js';
import { BuyerName, dateOf, Flag, DateOrTime, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const tag = 'Keys';

const ScopeName = Type.Unsafe<Scope>(
  Type.Enum([...SCOPE_NAMES], {
    type: 'string',
    title: `a scope (${SCOPE_NAMES.join(', ')})`,
    examples: ['leads:read'],
  }),
);

const about = {
  id: Type.String({ description: 'Names the key in lists, logs and the audit' }),
  seller: optional(Type.String({ description: 'Of a key that sends a seller’s leads' })),
  buyer: optional(Type.String({ description: 'Of a key with which a buyer gives leads back' })),
  admin: optional(Type.String({ description: 'Of a key for this API: the name of who has it' })),
  scopes: optional(Type.Array(ScopeName, { description: 'What an admin key may do' })),
  source: Type.String({ description: 'The name of a seller’s source; the key’s id unless given' }),
  test: Type.Boolean(),
  limit: optional(Type.Integer({ description: 'Requests a minute; absent: the setting’s' })),
  status: Type.Enum(['in force', 'expired', 'revoked'], { type: 'string' }),
  created_at: Type.String(),
  made_by: optional(Type.String({ description: 'Who had it made' })),
  expires_at: optional(Type.String()),
  revoked_at: optional(Type.String()),
};

const Listed = Type.Object(about);
/** A key as lists show it: all but its hash. */
export type KeyView = Type.Static<typeof Listed>;

export function keyView(key: KeyDocument, now: Date): KeyView {
  const { _id: id, seller, buyer, admin, scopes, source, test, limit, madeBy } = key;
  const { createdAt, expiresAt, revokedAt } = key;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  return {
    id,
    seller,
    buyer,
    admin,
    scopes,
    source,
    test,
    limit,
    status: revokedAt !== undefined ? 'revoked' : isExpired ? 'expired' : 'in force',
    created_at: createdAt.toISOString(),
    made_by: madeBy?.who,
    expires_at: expiresAt?.toISOString(),
    revoked_at: revokedAt?.toISOString(),
  };
}

export const showKeys = operation({
  id: 'listKeys',
  summary: 'The keys, oldest first; never the keys themselves, of which only hashes are kept',
  tag,
  method: 'GET',
  path: '/admin/keys',
  scope: 'keys:read',
  input: Type.Object({ seller: optional(SellerName) }, { title: 'the request' }),
  output: Type.Object({ keys: Type.Array(Listed) }, { $id: 'Keys', title: 'Keys' }),
  failures: ['notFound'],
  async run({ database }, { seller }) {
    const code = seller === undefined ? undefined : (await findSellerByName(database, seller)).code;
    const keys = await listKeys(database, code === undefined ? {} : { seller: code });
    const now = new Date();
    return { keys: keys.map((key) => keyView(key, now)) };
  },
});

/** Who may have an admin key: what the audit calls it. */
export const AdminName = Type.Refine(
  Type.String({
    title: 'a name (letters, digits and ._@- without a space, at most 64)',
    examples: ['dana'],
    description: 'Who has the key; the audit tells it',
  }),
  (text) => /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(text),
);

export const createKeyOperation = operation({
  id: 'createKey',
  summary: 'Make a key for a source of a seller, for a buyer, or for this API; it is shown this once',
  tag,
  method: 'POST',
  path: '/admin/keys',
  scope: 'keys:write',
  input: Type.Object(
    {
      seller: optional(SellerName),
      buyer: optional(BuyerName),
      admin: optional(AdminName),
      scopes: optional(
        Type.Array(ScopeName, {
          title: 'a list of scopes',
          minItems: 1,
          uniqueItems: true,
          description: 'Of an admin key',
        }),
      ),
      source: optional(SourceName),
      test: optional(Flag('Marks every lead that it sends as a test')),
      limit: optional(
        Type.Integer({
          title: 'a number of requests a minute',
          examples: [60],
          minimum: 1,
          maximum: 9_999_999,
          description: 'Requests a minute, instead of the setting’s',
        }),
      ),
      expires_at: optional(
        DateOrTime(
          'From when on it is refused; no later than the key that asks, and unless given as that one',
        ),
      ),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    {
      key: Type.String({ description: 'Shown this once: only its hash is kept' }),
      of: Type.String(),
      ...about,
    },
    { $id: 'NewKey', title: 'A new key' },
  ),
  failures: ['notFound'],
  async run(
    { database, by, scopes, callerKey = {} },
    { seller, buyer, admin, expires_at, source, test = false, limit: wanted, ...asked },
  ) {
    await ensureIndexes(database);
    const owner = await ownerOf(database, { seller, buyer, admin, scopes: asked.scopes });
    if (seller === undefined && (test || source !== undefined))
      throw refused('test and source are for keys that send leads; a buyer’s or an admin’s key sends none.');
    const beyond = asked.scopes?.find((scope) => !scopes.includes(scope));
    if (beyond !== undefined)
      throw new ApiError(
        'scopeMissing',
        `A key can’t hand out the scope ${beyond}, which it has not itself.`,
      );
    const expiresAt = noLaterThan(callerKey.expiresAt, timeToCome(expires_at));
    const limit = admin === undefined ? wanted : noMoreThan(callerKey.limit, wanted);
    const { key, document } = await createKey(database, { ...owner.of, source, test, limit, expiresAt }, by);
    return { key, of: owner.name, ...keyView(document, new Date()) };
  },
});

function timeToCome(expires_at: string | undefined): Date | undefined {
  const at = expires_at === undefined ? undefined : dateOf(expires_at);
  if (at && at <= new Date()) throw refused('expires_at has passed already.');
  return at;
}

/** A key ends with the one that has made it, or before: else one that leaks for a day could be kept for ever. */
function noLaterThan(own: Date | undefined, wanted: Date | undefined): Date | undefined {
  if (own === undefined || (wanted && wanted <= own)) return wanted;
  if (wanted === undefined) return own;
  throw refused(
    `expires_at is later than ${own.toISOString()}, the end of the key that you ask with. Ask with a key that lasts longer, or make this one by \`gavel keys create\` where the database is.`,
  );
}

function noMoreThan(own: number | undefined, wanted: number | undefined): number | undefined {
  if (own === undefined || (wanted !== undefined && wanted <= own)) return wanted;
  if (wanted === undefined) return own;
  throw refused(`limit is more than ${own} a minute, which the key that you ask with has.`);
}

const refused = (message: string): ApiError => new ApiError('invalidField', message);

interface Asked {
  seller?: string;
  buyer?: string;
  admin?: string;
  scopes?: Scope[];
}

/** Whose key it is to be. */
async function ownerOf(
  database: Database,
  { seller, buyer, admin, scopes }: Asked,
): Promise<{ of: Owner; name: string }> {
  if ([seller, buyer, admin].filter((one) => one !== undefined).length !== 1)
    throw refused('Say whose key it is: a seller’s, a buyer’s or an admin’s.');
  if ((admin === undefined) !== (scopes === undefined))
    throw refused(`An admin key, and no other, has scopes: any of ${SCOPE_NAMES.join(', ')}.`);
  if (admin !== undefined && scopes !== undefined) return { of: { admin, scopes }, name: admin };
  if (buyer !== undefined) {
    const { id, name } = await findBuyerByName(database, buyer);
    return { of: { buyer: id }, name: `${name} (${id})` };
  }
  const { code, name } = await findSellerByName(database, seller ?? '');
  return { of: { seller: code }, name: `${name} (${code})` };
}

export const revokeKeyOperation = operation({
  id: 'revokeKey',
  summary: 'End a key for good, at once or at a time; requests with it are refused within 2 s of that',
  tag,
  method: 'POST',
  path: '/admin/keys/revoke',
  scope: 'keys:write',
  input: Type.Object(
    {
      key: Type.String({
        title: 'a key’s id',
        examples: ['key_0123456789abcdef'],
        maxLength: 100,
        description: 'Its id, or the key itself: who finds a key has the key and not its id',
      }),
      expires_at: optional(
        DateOrTime('Until when it goes on, no later than it would; absent: it ends at once'),
      ),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    {
      id: about.id,
      status: about.status,
      expires_at: about.expires_at,
      made: optional(
        Type.Array(Type.String(), {
          description: 'Keys in force that were made with it, by their ids: they go on',
        }),
      ),
    },
    { $id: 'KeyRevoked', title: 'A key that is no more, or until when it is one' },
  ),
  failures: ['notFound', 'conflict'],
  async run({ database, by }, { key: given, expires_at }) {
    const key = looksLikeKey(given)
      ? await findKey(database, given)
      : await database.keys.findOne({ _id: given });
    if (key === null)
      throw new ApiError('notFound', 'There is no such key; `gavel keys list` shows them all.');
    const { _id: id } = key;
    const expiresAt = timeToCome(expires_at);
    const isDone = expiresAt
      ? await expireKey(database, id, expiresAt, by)
      : await revokeKey(database, id, by);
    const now = await database.keys.findOne({ _id: id });
    const { status, expires_at: until } = keyView(now ?? key, new Date());
    if (isDone) {
      const made = await keysMadeWith(database, id);
      return { id, status, expires_at: until, made: made.length > 0 ? made : undefined };
    }
    const how = status === 'revoked' ? 'is revoked' : `ends at ${until ?? ''}`;
    throw new ApiError('conflict', `${id} ${how} already.`);
  },
});
