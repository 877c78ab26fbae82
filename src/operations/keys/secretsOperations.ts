import Type from 'typebox';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { parseDuration } from '../../market/calendar/duration.js';
import { findSecrets, rotateSecret, type Recipient, type ShownSecrets } from '../../store/keys/signing.js';
import { ApiError } from '../refusal.js';
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
    secret: Type.String({ description: 'The newest: check signatures with it' }),
    previous_until: optional(
      Type.String({ description: 'Until when messages are signed with the one before as well' }),
    ),
    older_until: optional(
      Type.Array(Type.String(), {
        description: 'Until when messages are signed with still older ones as well; the newest first',
      }),
    ),
  },
  { $id: 'SigningSecret', title: 'What signs the messages to a buyer or a seller' },
);
export type SecretView = Type.Static<typeof Secret>;

export const showSecret = operation({
  id: 'showSecret',
  summary:
    'The secret with which the messages to a buyer or a seller are signed; the audit tells who has read it',
  tag,
  method: 'GET',
  path: '/admin/secrets',
  scope: 'secrets:read',
  input: Type.Object(whose, { title: 'the request' }),
  output: Secret,
  failures: ['notFound', 'conflict'],
  async run({ database, by }, asked) {
    const recipient = await recipientOf(database, asked);
    const found = secretView(recipient, await findSecrets(database, recipient));
    await recordAuditEvent(database, by, { ...recipient, did: 'secret shown', values: [] });
    return found;
  },
});

/** How long the secret before signs as well, unless said otherwise; and at the most. */
const OVERLAP = '24h';
const LONGEST_MS = 30 * 86_400_000;

export const Overlap = Type.Refine(
  Type.String({
    title: 'a duration of at most 30d',
    examples: [OVERLAP],
    description: `For how long messages are signed with the present secret as well: 0s ends it and all older ones at once; ${OVERLAP} unless given`,
  }),
  (text) => (parseDuration(text) ?? Infinity) <= LONGEST_MS,
);

export const rotateSecretOperation = operation({
  id: 'rotateSecret',
  summary: 'Give a buyer or a seller a new secret; for a while messages are signed with both',
  tag,
  method: 'POST',
  path: '/admin/secrets/rotate',
  scope: 'secrets:write',
  input: Type.Object({ ...whose, overlap: optional(Overlap) }, { title: 'the request' }),
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
    throw new ApiError('invalidField', 'Say whose secret it is: a buyer’s or a seller’s.');
  if (buyer !== undefined) return { kind: 'buyer', id: (await findBuyerByName(database, buyer)).id };
  return { kind: 'seller', id: (await findSellerByName(database, seller ?? '')).code };
}

function secretView({ kind, id }: Recipient, shown: ShownSecrets | undefined): SecretView {
  const [secret] = shown?.secrets ?? [];
  if (secret === undefined)
    throw new ApiError('conflict', `The ${kind} ${id} has no secret yet; rotate it to make one.`);
  const [previous_until, ...older] = shown?.previousUntil.map((until) => until.toISOString()) ?? [];
  return { kind, id, secret, previous_until, older_until: older.length > 0 ? older : undefined };
}
