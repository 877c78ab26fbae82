import type { FastifyRequest } from 'fastify';
import type { LeadApiContext } from '../context.js';
import { OperationError } from '../../operations/operationError.js';
import { inForce, looksLikeKey } from '../../store/keys/apiKeys.js';
import { addressGroup } from '../http/addressGroup.js';
import { HttpError } from '../http/httpError.js';
import { readApiKey } from '../http/keyInHeader.js';
import { secondsInWords, secondsLeft, type RateLimits, type RateWindow } from '../http/rateLimits.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadCache } from '../readCache.js';
import { holdsAll, SecretUnset, type ProvenRequest } from './proof.js';
import type { InboundSource, SourceCache } from './sourceCache.js';

export interface SourceParams {
  source: string;
  /** The address key. */
  secret?: string;
}

export interface AuthServices {
  context: Pick<LeadApiContext, 'settings' | 'log'>;
  cache: ReadCache;
  sources: SourceCache;
  limits: RateLimits;
}

/** A source whose address is right; its proofs are still to be checked. */
export interface AddressedSource {
  source: InboundSource;
  key: SellerKey;
}

/** The same for an unknown source, a revoked address and a wrong signature: a stranger learns nothing. */
const refusal = (): OperationError =>
  new HttpError(
    'invalidKey',
    'This address is unknown, or the request does not prove where it comes from. Check the address, and the secret on both sides.',
    {},
  );

/**
 * Finds the source of an address before its body is read. A key in the path must be an address key of this source; a key in
 * the header Authorization any of its keys. Failed attempts are limited by the client's address.
 * @throws OperationError `invalidKey` or `rateLimited`
 */
export async function findSource(services: AuthServices, request: FastifyRequest): Promise<AddressedSource> {
  const { source: name, secret } = request.params as SourceParams;
  const source = /^[a-z0-9_-]{1,64}$/.test(name) ? await services.sources.source(name) : undefined;
  if (source === undefined) throw await refused(services, request);
  const text = secret ?? readApiKey(request.headers.authorization, { basic: true });
  const isAddress = secret !== undefined;
  const key = text === undefined ? undefined : await keyOf(services, source, { text, isAddress }, request);
  if (key !== undefined) return { source, key };
  if (isAddress || needsAddress(source)) throw await refused(services, request);
  return { source, key: withoutKey(source) };
}

const needsAddress = ({ inbound }: InboundSource): boolean =>
  inbound.address ?? ((inbound.prove ?? []).length === 0 && inbound.open !== true);

async function keyOf(
  { cache, limits }: AuthServices,
  { seller, name }: InboundSource,
  { text, isAddress }: { text: string; isAddress: boolean },
  request: FastifyRequest,
): Promise<SellerKey | undefined> {
  const isOver = limits.isExhausted(`address:${addressGroup(request.ip)}`);
  if (!looksLikeKey(text) || (isOver && !(await cache.isListedKey(text)))) return undefined;
  const key = await cache.key(text);
  const fits = key?.seller === seller && key.source === name && (!isAddress || key.address === true);
  return key !== null && fits && inForce(key, new Date()) ? { ...key, seller } : undefined;
}

/** Stands for the key of a source that proves its requests in another way. */
const withoutKey = ({ seller, name }: InboundSource): SellerKey => ({
  _id: `source ${name}`,
  hash: '',
  seller,
  source: name,
  test: false,
  createdAt: new Date(0),
});

async function refused({ context, limits }: AuthServices, request: FastifyRequest): Promise<OperationError> {
  const bucket = `address:${addressGroup(request.ip)}`;
  const window = await limits.consume(bucket, context.settings.RATE_LIMIT_PER_MINUTE);
  if (window.allowed) return refusal();
  return new OperationError(
    'rateLimited',
    `Too many failed authentication attempts from this address. Send the next request ${secondsInWords(window)}.`,
    { retryAfterS: secondsLeft(window) },
  );
}

/**
 * Checks the proofs of a source, and counts the request against its limit.
 * @throws OperationError `invalidKey`, `rateLimited`, or `unavailable` if a secret is not set
 */
export async function checkProofs(
  services: AuthServices,
  { source, key }: AddressedSource,
  request: FastifyRequest,
  proven: ProvenRequest,
): Promise<void> {
  const { sources } = services;
  try {
    if (!(await holdsAll(source.inbound.prove ?? [], proven, sources.secret)))
      throw await refused(services, request);
  } catch (error) {
    throw error instanceof SecretUnset ? secretUnset(services, source, error) : error;
  }
  const window = await countLeads(services, key);
  if (window.allowed) return;
  throw new OperationError(
    'rateLimited',
    `This source may send ${window.limit} requests per minute. Send the next one ${secondsInWords(window)}.`,
    { retryAfterS: secondsLeft(window) },
  );
}

/** Counts leads against the limit of a source: the first by its request, the others by themselves. */
export const countLeads = (
  { context, limits }: Pick<AuthServices, 'context' | 'limits'>,
  key: SellerKey,
  count = 1,
): Promise<RateWindow> =>
  limits.consume(`key:${key._id}`, key.limit ?? context.settings.RATE_LIMIT_PER_MINUTE, count);

/** A secret that is not set yet is the operator's mistake: the sender tries again later, and nothing is lost. */
export function secretUnset(
  { context }: Pick<AuthServices, 'context'>,
  { name }: InboundSource,
  { secret }: SecretUnset,
): OperationError {
  context.log.error({ event: 'secret_not_set', source: name, secret });
  return new OperationError(
    'unavailable',
    'A secret of this source is not set. Send the request again later.',
    {
      retryAfterS: 60,
    },
  );
}
