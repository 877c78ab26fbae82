import { timingSafeEqual } from 'node:crypto';
import { OperationError } from '../../operations/operationError.js';
import type { Database } from '../../store/db.js';
import type { KeyedHash } from '../../store/secrets.js';

/** What a signed ping id says. */
export interface SignedPing {
  /** The id of the ping, and of the lead that is sold by it. */
  id: string;
  /** UTC ms. */
  expiresAt: number;
}

/** Whom the ping belongs to: nobody else can use it. */
export interface PingOwner {
  seller: string;
  campaign: string;
  test: boolean;
}

const PREFIX = 'gpi_';

/**
 * The `ping_id` of an answer: what it says, and an HMAC by the key of the database's hashes (src/store/secrets.ts), so that
 * an altered or invented id needs no query.
 */
export async function signPing({ vault }: Database, ping: SignedPing, owner: PingOwner): Promise<string> {
  const said = `${ping.id}.${ping.expiresAt}`;
  return `${PREFIX}${said}.${signatureOf(await vault.hash(), said, owner)}`;
}

/** @throws OperationError `invalidPing` if it was not signed for this owner */
export async function readPingId({ vault }: Database, text: string, owner: PingOwner): Promise<SignedPing> {
  const [, id = '', expiresAt = '', signature = ''] = FORM.exec(text.trim()) ?? [];
  const right = signatureOf(await vault.hash(), `${id}.${expiresAt}`, owner);
  if (isEqual(signature, right)) return { id, expiresAt: Number(expiresAt) };
  throw new OperationError(
    'invalidPing',
    'The ping_id is not one that this key was answered for this campaign. Nothing was accepted; send it unchanged, or send the lead without it.',
  );
}

const FORM = new RegExp(
  `^${PREFIX}([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.(\\d{13})\\.([\\w-]{43})$`,
);

const signatureOf = (hash: KeyedHash, said: string, { seller, campaign, test }: PingOwner): string =>
  hash('ping', JSON.stringify([said, seller, campaign, test]));

const isEqual = (given: string, right: string): boolean =>
  given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right));
