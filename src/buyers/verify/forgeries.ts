import { randomUUID } from 'node:crypto';
import { signatureOf, type SignedMessage, type SignedRequest } from '../send.js';
import { wrongSecret } from '../testBuyer.js';
import type { Change } from './exchange.js';

const MINUTE_MS = 60_000;

/** Requests that don't come from the exchange. */
export const FORGERIES: {
  what: string;
  remedy: string;
  alter: (secret: string) => SignedMessage['alter'];
}[] = [
  {
    what: 'without signature',
    remedy: 'check the signature before anything else, and answer 401 if a header is missing',
    alter: () => (request) => ({ ...request, signature: {} }),
  },
  {
    what: 'signed with another secret',
    remedy: 'compare the signature with your own, computed with your secret, and answer 401 if they differ',
    alter: () => resigned({ secret: wrongSecret() }),
  },
  {
    what: 'changed after it was signed',
    remedy: 'compute the signature over the body as received, and answer 401 if it differs',
    alter: () => (request) => ({ ...request, body: request.body.replace('{', '{ ') }),
  },
  {
    what: 'with another webhook-id than signed',
    remedy: 'compute the signature over webhook-id, webhook-timestamp and body, joined by dots',
    alter: () => (request) => ({
      ...request,
      signature: { ...request.signature, 'webhook-id': randomUUID() },
    }),
  },
  {
    what: 'signed ten minutes ago',
    remedy:
      'answer 401 if webhook-timestamp is more than five minutes old; otherwise requests can be replayed',
    alter: (secret) => resigned({ secret, at: new Date(Date.now() - 10 * MINUTE_MS) }),
  },
];

const resigned =
  ({ secret, at }: { secret: string; at?: Date }) =>
  ({ signature, body }: SignedRequest): SignedRequest => ({
    signature: signatureOf(signature['webhook-id'] ?? '', body, [secret], at),
    body,
  });

/** Signed by two secrets, as while a secret is rotated. */
export const rotated =
  (secret: string): Change =>
  (message) => ({ ...message, secret: () => [wrongSecret(), secret] });

/** Sends the message with an altered signature or body. */
export const altered =
  (alter: SignedMessage['alter']): Change =>
  (message) => ({ ...message, alter });
