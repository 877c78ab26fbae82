import { v5 } from 'uuid';

/**
 * Deterministic ids of messages to buyers and sellers (RFC 9562, UUID version 5). A step that is retried after a
 * crash computes the same id, so a repeated ping or post is recognised, and a sale can't be booked twice.
 */
const NAMESPACE = 'b3f4a1d6-5d0e-4c55-9d2b-6f6a4c1d8a77';

/** The ping of one contract in one round. `again`: its bid had expired, and it is asked again. */
export const pingId = (leadId: string, contract: string, round: number, again = false): string =>
  v5(`ping/${leadId}/${contract}/${round}${again ? '/again' : ''}`, NAMESPACE);

/** The post of one lead to one contract; also the id of the sale that may result. */
export const postId = (leadId: string, contract: string, round?: number): string =>
  v5(`post/${leadId}/${contract}${round === undefined ? '' : `/${round}`}`, NAMESPACE);

/** What a seller's ping reserves under the limits of one contract, until the lead's own sale takes it over. */
export const promiseId = (leadId: string, contract: string): string =>
  v5(`promise/${leadId}/${contract}`, NAMESPACE);

/** A payment of a prepaid buyer, by its reference: a repeated payment is booked once. */
export const topUpId = (buyer: string, ref: string): string => v5(`top-up/${buyer}/${ref}`, NAMESPACE);

/** The same by the `Idempotency-Key` of the request that booked it. */
export const topUpIdByKey = (buyer: string, key: string): string =>
  v5(`top-up-by-key/${buyer}/${key}`, NAMESPACE);

/** A change of a lead's status in a round, and the address of the seller that is notified of it. */
interface PostbackKey {
  leadId: string;
  status: string;
  round: number;
  url: string;
  /** The number of returns so far: the seller is notified of the status after each. */
  returns: number;
}

/** The postback to one address of the seller for one change of a lead's status, in one round. */
export const postbackId = ({ leadId, status, round, url, returns }: PostbackKey): string =>
  v5(`postback/${leadId}/${status}/${round}/${url}${returns > 0 ? `/${returns}` : ''}`, NAMESPACE);
