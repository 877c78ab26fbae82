import Type from 'typebox';
import { hasInvisible } from '../../market/invisible.js';
import { SECRET_NAME } from '../../market/secretName.js';
import type { Database } from '../../store/db.js';
import { listNamedSecrets, removeNamedSecret, setNamedSecret } from '../../store/keys/namedSecrets.js';
import { findBuyerByName } from '../findByName.js';
import { BuyerName } from '../inputs.js';
import { notFound } from '../operationError.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const tag = 'Secrets';

export const SecretName = Type.String({
  title: 'the name of a secret (a letter, then letters, digits and _, at most 64)',
  examples: ['TYPEFORM'],
  pattern: `^${SECRET_NAME}$`,
  description: 'As the market file writes it: {{secret:NAME}}, or {{ secret.NAME }} in a buyer’s protocol',
});

const SecretText = Type.Refine(
  Type.String({
    title: 'a secret of 1 to 4096 characters on one line',
    examples: ['s3cret'],
    minLength: 1,
    maxLength: 4096,
    description: 'As the other side knows it; nothing shows it again',
  }),
  (text) => text.trim() === text && !hasInvisible(text),
);

const Named = Type.Object(
  {
    name: Type.String(),
    buyer: optional(Type.String({ description: 'The buyer to whose own protocol it belongs' })),
    set_at: optional(Type.String({ description: 'When it was set' })),
  },
  { $id: 'NamedSecret', title: 'A named secret, without the secret itself' },
);

async function buyerIdOf(database: Database, buyer: string | undefined): Promise<string | undefined> {
  return buyer === undefined ? undefined : (await findBuyerByName(database, buyer)).id;
}

export const showNamedSecrets = operation({
  id: 'listNamedSecrets',
  summary:
    'List the secrets that market files refer to by name, or those of a buyer. The secrets themselves are never shown',
  tag,
  route: 'GET /admin/secrets/named',
  scope: 'market:read',
  input: { buyer: optional(BuyerName) },
  output: Type.Object({ secrets: Type.Array(Named) }, { $id: 'NamedSecrets', title: 'Named secrets' }),
  failures: ['notFound'],
  async run({ database }, { buyer }) {
    const secrets = await listNamedSecrets(database, await buyerIdOf(database, buyer));
    return {
      secrets: secrets.map(({ setAt, ...named }) => ({ ...named, set_at: setAt?.toISOString() })),
    };
  },
});

const which = { name: SecretName, buyer: optional(BuyerName) };

export const setNamedSecretOperation = operation({
  id: 'setNamedSecret',
  summary:
    'Set a secret that market files refer to by name, or that a buyer’s own protocol does, or replace it. It is in force within 2 s',
  tag,
  route: 'POST /admin/secrets/named',
  scope: 'secrets:write',
  input: { ...which, value: SecretText },
  output: Named,
  failures: ['notFound'],
  async run({ database, by }, { name, buyer, value }) {
    const of = { name, buyer: await buyerIdOf(database, buyer) };
    await setNamedSecret(database, of, value, by);
    return of;
  },
});

export const removeNamedSecretOperation = operation({
  id: 'removeNamedSecret',
  summary:
    'Remove a named secret. From then on, requests of senders that need it are answered 503, and those to a buyer are not sent',
  tag,
  route: 'POST /admin/secrets/named/remove',
  scope: 'secrets:write',
  input: which,
  output: Named,
  failures: ['notFound'],
  async run({ database, by }, { name, buyer }) {
    const of = { name, buyer: await buyerIdOf(database, buyer) };
    if (await removeNamedSecret(database, of, by)) return of;
    const owner = of.buyer === undefined ? '' : ` of ${of.buyer}`;
    throw notFound(`There is no secret "${name}"${owner}. \`gavel secrets list\` shows all.`);
  },
});
