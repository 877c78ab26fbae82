import { v5 } from 'uuid';

/**
 * Ids of what is sent to buyers and sellers, made from what they name (RFC 9562, UUID version 5): a step that is repeated after a
 * crash computes the same id, so a repeated ping or post is recognised, and a sale can't be booked twice.
 */
const NAMESPACE = 'b3f4a1d6-5d0e-4c55-9d2b-6f6a4c1d8a77';

/** One question to one contract in one round; `again` where its bid had expired and it is asked anew. */
export const pingId = (leadId: string, contract: string, round: number, again = false): string =>
  v5(`ping/${leadId}/${contract}/${round}${again ? '/again' : ''}`, NAMESPACE);

/**
 * One lead's one post to one contract; also the id of the sale it may come to.
 * @param round where a contract may be offered the lead anew after a post that was called off
 */
export const postId = (leadId: string, contract: string, round?: number): string =>
  v5(`post/${leadId}/${contract}${round === undefined ? '' : `/${round}`}`, NAMESPACE);

/** A payment of a prepaid buyer by what it is called where it came from: sent twice, it is booked once. */
export const topUpId = (buyer: string, ref: string): string => v5(`top-up/${buyer}/${ref}`, NAMESPACE);

/** The same by the `Idempotency-Key` of the request that booked it. */
export const topUpIdByKey = (buyer: string, key: string): string =>
  v5(`top-up-by-key/${buyer}/${key}`, NAMESPACE);

/**
 * What one address of the seller is told of one change of a lead's status, which came with one of its rounds.
 * @param returns how many buyers have given the lead back so far: after each the seller is told how it stands
 */
export const postbackId = (
  leadId: string,
  status: string,
  round: number,
  url: string,
  returns: number,
): string => v5(`postback/${leadId}/${status}/${round}/${url}${returns > 0 ? `/${returns}` : ''}`, NAMESPACE);
