import type { Minor } from '../../market/money.js';
import type { Buyer } from '../../market/model/terms.js';
import { accountId } from '../sales/capacity.js';
import type { Database } from '../db.js';

/**
 * Whether a sale took a prepaid buyer's balance below what it wants to hear of. The first such sale says so, however many
 * are booked at once, and no other until the buyer has topped up again. Idempotent by sale. Costs a round trip only for
 * buyers that want to hear it.
 */
export async function claimLowBalanceNotice(
  { usage }: Database,
  { id, lowBalance, notices }: Pick<Buyer, 'id' | 'lowBalance' | 'notices'>,
  sale: string,
): Promise<boolean> {
  if (lowBalance === undefined || notices?.events.includes('low_balance') !== true) return false;
  const isUntold = { low: { $not: { $exists: true, $ne: sale } } };
  const { matchedCount } = await usage.updateOne(
    { _id: accountId(id), balance: { $lt: lowBalance }, ...isUntold },
    { $set: { low: sale } },
  );
  return matchedCount === 1;
}

/**
 * From now on the buyer hears of a low balance again, for the transaction that brings that about.
 * @param from where it has at least so much; absent: in any case, because it wants to hear of another amount
 */
export const rearmLowBalanceNotice = ({ db }: Database, buyer: string, from?: Minor) => ({
  name: 'updateOne' as const,
  namespace: `${db.databaseName}.usage`,
  filter: { _id: accountId(buyer), ...(from !== undefined && { balance: { $gte: from } }) },
  update: { $unset: { low: '' as const } },
});
