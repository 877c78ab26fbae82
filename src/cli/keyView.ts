import type { KeyDocument } from '../store/keys.js';

/** A key as lists show it: all but its hash. */
export interface KeyView {
  id: string;
  seller?: string;
  buyer?: string;
  source: string;
  test: boolean;
  /** Requests a minute; absent: the setting's. */
  limit?: number;
  status: 'in force' | 'expired' | 'revoked';
  created_at: string;
  expires_at?: string;
  revoked_at?: string;
}

export function keyView(key: KeyDocument, now: Date): KeyView {
  const { _id: id, seller, buyer, source, test, limit, createdAt, expiresAt, revokedAt } = key;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  return {
    id,
    ...(seller !== undefined && { seller }),
    ...(buyer !== undefined && { buyer }),
    source,
    test,
    ...(limit !== undefined && { limit }),
    status: revokedAt !== undefined ? 'revoked' : isExpired ? 'expired' : 'in force',
    created_at: createdAt.toISOString(),
    ...(expiresAt && { expires_at: expiresAt.toISOString() }),
    ...(revokedAt && { revoked_at: revokedAt.toISOString() }),
  };
}
