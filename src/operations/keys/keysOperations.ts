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
import { OperationError, conflict, invalidField, notFound } from '../operationError.js';
import { BuyerName, dateOf, Flag, DateOrTime, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName, resolveIds } from '../findByName.js';
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
  id: Type.String({ description: 'Identifies the key in lists, logs and the audit' }),
  seller: optional(Type.String({ description: 'For keys of sources: the seller' })),
  buyer: optional(Type.String({ description: 'For keys of buyers: the buyer' })),
  admin: optional(Type.String({ description: 'For admin keys: the name of the holder' })),
  scopes: optional(Type.Array(ScopeName, { description: 'Permissions of an admin key' })),
  source: Type.String({ description: 'The name of the source; by default the key’s id' }),
  test: Type.Boolean(),
  address: optional(Type.Boolean({ description: 'It is part of a source’s address' })),
  limit: optional(Type.Integer({ description: 'Requests per minute; absent if the setting applies' })),
  status: Type.Enum(['in force', 'expired', 'revoked'], { type: 'string' }),
  created_at: Type.String(),
  made_by: optional(Type.String({ description: 'Who created the key' })),
  expires_at: optional(Type.String()),
  revoked_at: optional(Type.String()),
};

const Listed = Type.Object(about);
export type KeyView = Type.Static<typeof Listed>;

export function keyView(key: KeyDocument, now: Date): KeyView {
  const { _id: id, seller, buyer, admin, scopes, source, test, address, limit, madeBy } = key;
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
    address,
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
  summary: 'List keys, oldest first. The keys themselves are not shown, since only hashes are stored',
  tag,
  route: 'GET /admin/keys',
  scope: 'keys:read',
  input: { seller: optional(SellerName) },
  output: Type.Object({ keys: Type.Array(Listed) }, { $id: 'Keys', title: 'Keys' }),
  failures: ['notFound'],
  async run({ database }, { seller }) {
    const { seller: code } = await resolveIds(database, { seller });
    const keys = await listKeys(database, { seller: code });
    const now = new Date();
    return { keys: keys.map((key) => keyView(key, now)) };
  },
});

export const AdminName = Type.Refine(
  Type.String({
    title: 'a name (letters, digits and ._@- without a space, at most 64)',
    examples: ['dana'],
    description: 'The holder’s name, as the audit shows it',
  }),
  (text) => /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(text),
);

export const createKeyOperation = operation({
  id: 'createKey',
  summary: 'Create a key for a source, a buyer, or this API. It is shown only once',
  tag,
  route: 'POST /admin/keys',
  scope: 'keys:write',
  input: {
    seller: optional(SellerName),
    buyer: optional(BuyerName),
    admin: optional(AdminName),
    scopes: optional(
      Type.Array(ScopeName, {
        title: 'a list of scopes',
        minItems: 1,
        uniqueItems: true,
        description: 'Scopes of an admin key',
      }),
    ),
    source: optional(SourceName),
    test: optional(Flag('Marks all its leads as tests')),
    address: optional(
      Flag(
        'Makes it part of the address /in/{source}/{key}, for senders that set no header; good for nothing else',
      ),
    ),
    limit: optional(
      Type.Integer({
        title: 'a number of requests a minute',
        examples: [60],
        minimum: 1,
        maximum: 9_999_999,
        description: 'Requests per minute; by default the setting applies',
      }),
    ),
    expires_at: optional(
      DateOrTime('Expiry; at most, and by default, that of the key used for this request'),
    ),
  },
  output: Type.Object(
    {
      key: Type.String({ description: 'Shown only once: only its hash is stored' }),
      of: Type.String(),
      ...about,
    },
    { $id: 'NewKey', title: 'A new key' },
  ),
  failures: ['notFound'],
  async run(
    { database, by, scopes, callerKey = {} },
    { seller, buyer, admin, expires_at, source, test = false, address, limit: wanted, ...asked },
  ) {
    await ensureIndexes(database);
    const owner = await ownerOf(database, { seller, buyer, admin, scopes: asked.scopes });
    if (seller === undefined && (test || source !== undefined))
      throw invalidField('test and source are only for keys of sources. Leave them out.');
    if (address === true && source === undefined)
      throw invalidField('An address is that of a source. Name it by `source`, as the market file does.');
    const beyond = asked.scopes?.find((scope) => !scopes.includes(scope));
    if (beyond !== undefined)
      throw new OperationError(
        'scopeMissing',
        `This key can’t grant the scope ${beyond}, because it lacks it. Use a key that has it.`,
      );
    const expiresAt = noLaterThan(callerKey.expiresAt, timeToCome(expires_at));
    const limit = admin === undefined ? wanted : noMoreThan(callerKey.limit, wanted);
    const made = { ...owner.of, source, test, address: address === true ? (true as const) : undefined };
    const { key, document } = await createKey(database, { ...made, limit, expiresAt }, by);
    return { key, of: owner.name, ...keyView(document, new Date()) };
  },
});

function timeToCome(expires_at: string | undefined): Date | undefined {
  const at = expires_at === undefined ? undefined : dateOf(expires_at);
  if (at && at <= new Date()) throw invalidField('expires_at is in the past. Send a later time.');
  return at;
}

/** A key can’t outlive the key that created it. Otherwise a leaked short-lived key could be extended indefinitely. */
function noLaterThan(own: Date | undefined, wanted: Date | undefined): Date | undefined {
  if (own === undefined || (wanted && wanted <= own)) return wanted;
  if (wanted === undefined) return own;
  throw invalidField(
    `expires_at is later than ${own.toISOString()}, the expiry of the key that you use. Use a key that lasts longer, or create this one with \`gavel keys create\` on a machine that reaches the database.`,
  );
}

function noMoreThan(own: number | undefined, wanted: number | undefined): number | undefined {
  if (own === undefined || (wanted !== undefined && wanted <= own)) return wanted;
  if (wanted === undefined) return own;
  throw invalidField(
    `limit is more than ${own} per minute, the limit of the key that you use. Send a lower one.`,
  );
}

async function ownerOf(
  database: Database,
  { seller, buyer, admin, scopes }: { seller?: string; buyer?: string; admin?: string; scopes?: Scope[] },
): Promise<{ of: Owner; name: string }> {
  if ([seller, buyer, admin].filter((one) => one !== undefined).length !== 1)
    throw invalidField('Name exactly one owner: `seller`, `buyer` or `admin`.');
  if ((admin === undefined) !== (scopes === undefined))
    throw invalidField(
      `Admin keys need scopes, and other keys must not have any. Scopes are ${SCOPE_NAMES.join(', ')}.`,
    );
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
  summary: 'Revoke a key permanently, now or at a given time. Its requests are rejected within 2 s of that',
  tag,
  route: 'POST /admin/keys/revoke',
  scope: 'keys:write',
  input: {
    key: Type.String({
      title: 'a key’s id',
      examples: ['key_0123456789abcdef'],
      maxLength: 100,
      description: 'Its id, or the key itself, for someone who found a leaked key',
    }),
    expires_at: optional(
      DateOrTime('New expiry, not later than the current one; by default the key is revoked now'),
    ),
  },
  output: Type.Object(
    {
      id: about.id,
      status: about.status,
      expires_at: about.expires_at,
      made: optional(
        Type.Array(Type.String(), {
          description: 'Ids of valid keys created with this key. They stay valid',
        }),
      ),
    },
    { $id: 'KeyRevoked', title: 'A revoked key, or its new expiry' },
  ),
  failures: ['notFound', 'conflict'],
  async run({ database, by }, { key: given, expires_at }) {
    const key = looksLikeKey(given)
      ? await findKey(database, given)
      : await database.keys.findOne({ _id: given });
    if (key === null) throw notFound('This key does not exist. `gavel keys list` shows all keys.');
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
    const how = status === 'revoked' ? 'is already revoked' : `already expires at ${until ?? ''}`;
    throw conflict(`${id} ${how}. Nothing was changed.`);
  },
});
