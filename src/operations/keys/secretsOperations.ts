import Type from 'typebox';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { parseDuration } from '../../market/calendar/duration.js';
import { findSecrets, rotateSecret, type Recipient, type ShownSecrets } from '../../store/keys/signing.js';
import { conflict, invalidField, notFound } from '../operationError.js';
import { BuyerName, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';
import { hasInvisible } from '../../market/invisible.js';
import { protocolSecretNames, setProtocolSecret } from '../../store/keys/protocolSecrets.js';

const optional = Type.Optional;
const tag = 'Secrets';

const whose = { buyer: optional(BuyerName), seller: optional(SellerName) };

const Secret = Type.Object(
  {
    kind: Type.Enum(['buyer', 'seller'], { type: 'string' }),
    id: Type.String({ description: 'The buyer’s id or the seller’s code' }),
    secret: Type.String({ description: 'The newest secret, to verify signatures with' }),
    previous_until: optional(
      Type.String({ description: 'End of the period in which the previous secret signs as well' }),
    ),
    older_until: optional(
      Type.Array(Type.String(), {
        description: 'The same for older secrets, newest first',
      }),
    ),
  },
  { $id: 'SigningSecret', title: 'The signing secret of a buyer or a seller' },
);
export type SecretView = Type.Static<typeof Secret>;

export const showSecret = operation({
  id: 'showSecret',
  summary: 'Show the signing secret of a buyer or a seller. The audit records who read it',
  tag,
  route: 'GET /admin/secrets',
  scope: 'secrets:read',
  input: whose,
  output: Secret,
  failures: ['notFound', 'conflict'],
  async run({ database, by }, asked) {
    const recipient = await recipientOf(database, asked);
    const found = secretView(recipient, await findSecrets(database, recipient));
    await recordAuditEvent(database, by, { ...recipient, did: 'secret shown', values: [] });
    return found;
  },
});

/** How long the previous secret signs as well: default and limit. */
const OVERLAP = '24h';
const LONGEST_MS = 30 * 86_400_000;

export const Overlap = Type.Refine(
  Type.String({
    title: 'a duration of at most 30d',
    examples: [OVERLAP],
    description: `How long the present secret keeps signing; 0s retires it and all older ones at once; ${OVERLAP} by default`,
  }),
  (text) => (parseDuration(text) ?? Infinity) <= LONGEST_MS,
);

export const rotateSecretOperation = operation({
  id: 'rotateSecret',
  summary: 'Create a new secret for a buyer or a seller. During the overlap, messages are signed with both',
  tag,
  route: 'POST /admin/secrets/rotate',
  scope: 'secrets:write',
  input: { ...whose, overlap: optional(Overlap) },
  output: Secret,
  failures: ['notFound'],
  async run({ database, by }, { overlap = OVERLAP, ...asked }) {
    const recipient = await recipientOf(database, asked);
    return secretView(recipient, await rotateSecret(database, recipient, parseDuration(overlap) ?? 0, by));
  },
});

const SecretName = Type.Refine(
  Type.String({
    title: 'the name of a secret (a letter, then letters, digits and _, at most 64)',
    examples: ['KEY'],
    minLength: 1,
    maxLength: 64,
    description: 'The name by which templates use it: KEY in {{ secret.KEY }}',
  }),
  (name) => /^[A-Za-z]\w*$/.test(name),
);

const SecretText = Type.Refine(
  Type.String({
    title: 'a secret of 1 to 4000 characters on one line',
    examples: ['s3cret'],
    minLength: 1,
    maxLength: 4000,
    description: 'Nothing shows it again',
  }),
  (text) => text.trim() === text && !hasInvisible(text),
);

const ProtocolSecrets = Type.Object(
  {
    buyer: Type.String(),
    names: Type.Array(Type.String(), { description: 'Every secret of the buyer’s protocol' }),
  },
  { $id: 'ProtocolSecrets', title: 'The names of the secrets of a buyer’s own protocol' },
);

async function namesOf(database: Database, buyer: string): Promise<Type.Static<typeof ProtocolSecrets>> {
  return { buyer, names: (await protocolSecretNames(database, buyer)) ?? [] };
}

export const setProtocolSecretOperation = operation({
  id: 'setProtocolSecret',
  summary: 'Store a secret of a buyer’s own protocol; its templates use it by its name',
  tag,
  route: 'PUT /admin/buyers/:buyer_id/secrets/:name',
  scope: 'secrets:write',
  input: { buyer_id: BuyerName, name: SecretName, secret: SecretText },
  output: ProtocolSecrets,
  failures: ['notFound'],
  async run({ database, by }, { buyer_id, name, secret }) {
    const { id } = await findBuyerByName(database, buyer_id);
    await setProtocolSecret(database, { buyer: id, name }, secret, by);
    return namesOf(database, id);
  },
});

export const removeProtocolSecretOperation = operation({
  id: 'removeProtocolSecret',
  summary: 'Remove a secret of a buyer’s own protocol',
  tag,
  route: 'POST /admin/buyers/:buyer_id/secrets/:name/remove',
  scope: 'secrets:write',
  input: { buyer_id: BuyerName, name: SecretName },
  output: ProtocolSecrets,
  failures: ['notFound'],
  async run({ database, by }, { buyer_id, name }) {
    const { id } = await findBuyerByName(database, buyer_id);
    const { names } = await namesOf(database, id);
    if (!names.includes(name))
      throw notFound(
        `The protocol of ${id} has no secret "${name}"; it has ${names.length === 0 ? 'none' : names.join(', ')}.`,
      );
    await setProtocolSecret(database, { buyer: id, name }, undefined, by);
    return namesOf(database, id);
  },
});

async function recipientOf(
  database: Database,
  { buyer, seller }: { buyer?: string; seller?: string },
): Promise<Recipient> {
  if ((buyer === undefined) === (seller === undefined))
    throw invalidField('Name exactly one: `buyer` or `seller`.');
  if (buyer !== undefined) return { kind: 'buyer', id: (await findBuyerByName(database, buyer)).id };
  return { kind: 'seller', id: (await findSellerByName(database, seller ?? '')).code };
}

function secretView({ kind, id }: Recipient, shown: ShownSecrets | undefined): SecretView {
  const [secret] = shown?.secrets ?? [];
  if (secret === undefined) throw conflict(`The ${kind} ${id} has no secret yet. Rotate it to create one.`);
  const [previous_until, ...older] = shown?.previousUntil.map((until) => until.toISOString()) ?? [];
  return { kind, id, secret, previous_until, older_until: older.length > 0 ? older : undefined };
}
