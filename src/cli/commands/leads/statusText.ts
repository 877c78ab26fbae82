import { reasonInWords } from '../../../market/model/reason.js';
/** A lead's status, at the end of a sentence: `sold to northwind`, `pending (no bid)`. */
export function statusText({
  status,
  reason,
  buyer_ids: buyers = [],
}: {
  status: string;
  reason?: string;
  buyer_ids?: string[];
}): string {
  if (buyers.length > 0) return `${status} to ${buyers.join(', ')}`;
  return reason === undefined ? status : `${status} (${reasonInWords(reason)})`;
}
