import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseDuration } from '../../market/calendar/duration.js';
import { secretNameIn } from '../../market/file/inboundValues.js';
import type { Proof } from '../../market/mapping/inbound.js';
import { isMap, scalarText } from '../../market/mapping/path.js';

/** A request as its proofs need it. */
export interface ProvenRequest {
  method: string;
  /** As the sender wrote it: `https://gavel.example/in/forms/KEY`. */
  uri: string;
  headers: IncomingHttpHeaders;
  /** The bytes of the body, before they were read. */
  raw: Buffer;
  /** Undefined if it could not be read. */
  document: unknown;
  now: number;
}

/** Finds a secret by its name; undefined if it is not set. */
export type SecretFinder = (name: string) => Promise<string | undefined>;

/** A secret that the mapping names is not set, so nobody can be proven. */
export class SecretUnset extends Error {
  override name = 'SecretUnset';

  constructor(readonly secret: string) {
    super(`The secret ${secret} is not set`);
  }
}

/**
 * Whether all proofs hold. Secrets are compared in constant time.
 * @throws SecretUnset
 */
export async function holdsAll(
  proofs: readonly Proof[],
  request: ProvenRequest,
  find: SecretFinder,
): Promise<boolean> {
  const results = await Promise.all(proofs.map((proof) => holds(proof, request, find)));
  return results.every(Boolean);
}

async function holds(proof: Proof, request: ProvenRequest, find: SecretFinder): Promise<boolean> {
  if (proof.basic !== undefined) return holdsBasic(proof.basic, request, find);
  return proof.hmac === undefined
    ? holdsEquals(proof, request, find)
    : holdsHmac(proof, request, await secretOf(proof.secret, find));
}

/** @throws SecretUnset */
export async function secretOf(reference: string | undefined, find: SecretFinder): Promise<string> {
  const name = secretNameIn(reference ?? '') ?? '';
  const secret = await find(name);
  if (secret === undefined || secret === '') throw new SecretUnset(name);
  return secret;
}

/** RFC 7617; the comparison covers user and password together. */
async function holdsBasic(
  basic: NonNullable<Proof['basic']>,
  { headers }: ProvenRequest,
  find: SecretFinder,
): Promise<boolean> {
  const expected = `${basic.user}:${await secretOf(basic.password, find)}`;
  const [, credentials] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(headers.authorization ?? '') ?? [];
  return equal(Buffer.from(credentials ?? '', 'base64').toString(), expected);
}

async function holdsEquals(
  { field, header, equals }: Proof,
  { headers, document }: ProvenRequest,
  find: SecretFinder,
): Promise<boolean> {
  const expected = await secretOf(equals, find);
  const sent = header === undefined ? fieldOf(document, field ?? '') : headerOf(headers, header);
  return sent !== undefined && equal(sent, expected);
}

/** A top-level name of the body, whatever its case; undefined if it is there twice. */
function fieldOf(document: unknown, name: string): string | undefined {
  const named = isMap(document)
    ? Object.entries(document).filter(([key]) => key.toLowerCase() === name.toLowerCase())
    : [];
  const [first, ...others] = named;
  return others.length > 0 ? undefined : scalarText(first?.[1]);
}

const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? undefined : value;
};

/** The header's value, or its part of `t=1795552390,v=c5521d…`. */
function partOf(headers: IncomingHttpHeaders, name: string, part: string | undefined): string | undefined {
  const value = headerOf(headers, name);
  if (part === undefined) return value?.trim();
  const pairs = (value ?? '').split(',').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${part}=`))?.slice(part.length + 1);
}

function holdsHmac(proof: Proof, request: ProvenRequest, secret: string): boolean {
  const { hmac = 'sha256', keyless, header = '', encoding = 'hex', prefix = '', part } = proof;
  const sent = partOf(request.headers, header, part);
  if (sent?.startsWith(prefix) !== true) return false;
  const timestamp = timestampOf(proof, request);
  if (timestamp === undefined) return false;
  const hash = keyless === true ? createHash(hmac) : createHmac(hmac, secret);
  for (const piece of signedPieces(proof.over ?? '{body}', { ...request, timestamp, secret }))
    hash.update(piece);
  const signature = sent.slice(prefix.length);
  return equal(encoding === 'hex' ? signature.toLowerCase() : signature, hash.digest(encoding));
}

/** The timestamp as sent; empty without one, undefined if it is too far from now. */
function timestampOf({ timestamp }: Proof, { headers, now }: ProvenRequest): string | undefined {
  if (timestamp === undefined) return '';
  const { header, part, unit = 's', tolerance = '5m' } = timestamp;
  const text = partOf(headers, header, part);
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const at = Number(text) * (unit === 's' ? 1000 : 1);
  return Math.abs(now - at) <= (parseDuration(tolerance) ?? 0) ? text : undefined;
}

function signedPieces(
  over: string,
  request: ProvenRequest & { timestamp: string; secret: string },
): (string | Buffer)[] {
  return over.split(/(\{(?:body|timestamp|method|uri|secret)\})/).map((piece) => {
    switch (piece) {
      case '{body}':
        return request.raw;
      case '{timestamp}':
        return request.timestamp;
      case '{method}':
        return request.method;
      case '{uri}':
        return request.uri;
      case '{secret}':
        return request.secret;
      default:
        return piece;
    }
  });
}

/** Compares digests, so that neither the time nor a length gives anything away. */
export function equal(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
