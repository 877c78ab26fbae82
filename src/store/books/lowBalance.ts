import type { Minor } from '../../market/money.js';
import type { Buyer } from '../../market/model/market.js';
import { accountId } from '../sales/capacity.js';
import type { Database } from '../db.js';

/**
 * Whether this sale triggers the low-balance notice of a prepaid buyer. The first sale that brings the balance below
 * the buyer's threshold does, even among concurrent bookings, and no other until the buyer tops up. Idempotent by sale.
 * Costs a round trip only for buyers with this notice.
 */
export async function claimLowBalanceNotice(
  { usage }: Database,
  { id, lowBalance, notices }: Pick<Buyer, 'id' | 'lowBalance' | 'notices'>,
  sale: string,
): Promise<boolean> {
  if (lowBalance === undefined || notices?.events.includes('low_balance') !== true) return false;
  const isUnclaimed = { low: { $not: { $exists: true, $ne: sale } } };
  const { matchedCount } = await usage.updateOne(
    { _id: accountId(id), balance: { $lt: lowBalance }, ...isUnclaimed },
    { $set: { low: sale } },
  );
  return matchedCount === 1;
}

/**
 * Makes the next low balance trigger a notice again, for the transaction that tops up or changes the threshold.
 * @param from only if the balance is at least this; absent: in any case, because the threshold has changed
 */
export const rearmLowBalanceNotice = ({ db }: Database, buyer: string, from?: Minor) => ({
  name: 'updateOne' as const,
  namespace: `${db.databaseName}.usage`,
  filter: { _id: accountId(buyer), balance: from === undefined ? undefined : { $gte: from } },
  update: { $unset: { low: '' as const } },
});
