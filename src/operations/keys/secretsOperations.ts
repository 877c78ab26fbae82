import Type from 'typebox';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { parseDuration } from '../../market/calendar/duration.js';
import { findSecrets, rotateSecret, type Recipient, type ShownSecrets } from '../../store/keys/signing.js';
import { conflict, invalidField } from '../operationError.js';
import { BuyerName, SellerName } from '../inputs.js';
import { findBuyerByName, findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

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
