import type { ClientBulkWriteModel } from 'mongodb';
import { personIds } from '../../market/limits/duplicates.js';
import { refundOf, type Refund } from '../../market/model/returnShares.js';
import type { ReturnPolicy } from '../../market/model/terms.js';
import { accountId, isIn } from '../sales/capacity.js';
import type {
  EntryDocument,
  PersonDocument,
  ReturnDocument,
  SaleDocument,
  StoredLead,
  StoredReturn,
  UsageDocument,
} from '../documents.js';
import type { Database } from '../db.js';
import { duplicateKeyOf, writeInTransaction } from '../transaction.js';
import { returnEntriesOf } from './ledger.js';
import { NOT_WITHDRAWN } from '../leads/withdrawals.js';

export const findReturn = ({ returns }: Database, sale: string): Promise<ReturnDocument | null> =>
  returns.findOne({ _id: sale });

/** The lead was changed by another hand between the look at it and the booking. */
class LeadChanged extends Error {}

/**
 * Books that a buyer gives a lead back: the return, the reversed sides of the ledger, the lead without this buyer and at a
 * lower price, the buyer's balance and its contract's room, in one transaction. Idempotent by sale: whoever comes second
 * gets the return of the first, and is told that it is not new. A lead goes back on sale only if nobody else holds it, its
 * person is still known, and it was not withdrawn.
 */
export async function bookReturn(
  database: Database,
  sale: SaleDocument,
  policy: ReturnPolicy,
  reason: string,
  at: Date,
): Promise<{ returned: ReturnDocument; isNew: boolean }> {
  for (;;) {
    const [lead, buyer] = await Promise.all([
      database.leads.findOne({ _id: sale.lead }),
      database.buyers.findOne({ _id: sale.buyer }),
    ]);
    // After the lead: one that shows the return has it booked.
    const before = await findReturn(database, sale._id);
    if (before !== null) return { returned: before, isNew: false };
    if (lead?.claims[sale.contract]?.status !== 'accepted')
      throw new Error(`Sale ${sale._id} is not in its lead`);
    const refund = refundOf(sale, policy.refund);
    const isLast = lead.status === 'sold' && lead.held === 1;
    const isForSale = isLast && lead.person !== undefined && lead.withdrawal === undefined;
    const returned: ReturnDocument = {
      _id: sale._id,
      lead: sale.lead,
      contract: sale.contract,
      buyer: sale.buyer,
      reason,
      refund: refund.buyerGets,
      sellerPays: refund.sellerPays,
      currency: sale.currency,
      at,
      resold: policy.resell && isForSale,
    };
    const listed = policy.reasons?.includes(reason) === true;
    const change: LeadChange = {
      status: returned.resold ? 'pending' : isLast ? 'returned' : lead.status,
      returns: [...(await returnsOf(database, lead)), asStored(returned, { isListed: listed })],
    };
    const isPrepaid = buyer?.balance !== undefined && buyer.currency === sale.currency && !sale.test;
    const writes = [
      ...returning(database, sale, { lead, change, returned, refund }),
      ...givingBack(database, sale, refund, { freesCap: policy.freesCap, isPrepaid }),
    ];
    try {
      await writeInTransaction<Written>(database.client, writes, ({ updateResults }) => {
        if (updateResults?.get(0)?.matchedCount !== 1) throw new LeadChanged();
      });
      return { returned, isNew: true };
    } catch (error) {
      if (!(error instanceof LeadChanged) && duplicateKeyOf(error) === undefined) throw error;
    }
  }
}

/** What a return changes of how its lead stands. */
type LeadChange = Pick<StoredLead, 'status' | 'returns'>;

/** One word of the kind that programs use can hardly be about anybody. */
const isOneWord = (reason: string): boolean => !reason.includes('_');

/** A return as its lead keeps it. */
const asStored = (
  { contract, buyer, reason, sellerPays, at }: ReturnDocument,
  { isListed }: { isListed: boolean },
): StoredReturn => ({
  contract,
  buyer,
  reason,
  at,
  amount: sellerPays,
  inOwnWords: isListed || isOneWord(reason) ? undefined : true,
});

/** The returns of a lead; leads of earlier releases do not keep them themselves. */
export async function returnsOf(
  { returns }: Pick<Database, 'returns'>,
  lead: Pick<StoredLead, 'returns' | 'claims'>,
): Promise<StoredReturn[]> {
  if (lead.returns !== undefined) return lead.returns;
  const ids = Object.values(lead.claims).flatMap(({ status, postId }) =>
    status === 'returned' ? [postId] : [],
  );
  if (ids.length === 0) return [];
  const booked = await returns
    .find({ _id: { $in: ids } })
    .sort({ at: 1 })
    .toArray();
  return booked.map((one) => asStored(one, { isListed: false }));
}

type Written = StoredLead | ReturnDocument | EntryDocument | UsageDocument | PersonDocument;
type Write = ClientBulkWriteModel<Record<string, Written>>;

/** The lead, if it is still as it was looked at; the return; both sides of the ledger. */
function returning(
  { db }: Database,
  sale: SaleDocument,
  booked: { lead: StoredLead; change: LeadChange; returned: ReturnDocument; refund: Refund },
): Write[] {
  const { lead, change, returned, refund } = booked;
  const path = `claims.${sale.contract}`;
  const { at, reason, resold } = returned;
  const roundsBefore = Math.max(0, ...Object.keys(lead.rounds).map(Number));
  return [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      filter: {
        _id: lead._id,
        status: lead.status,
        held: lead.held,
        ...(resold ? NOT_WITHDRAWN : {}),
        [`${path}.status`]: 'accepted',
        [`${path}.postId`]: sale._id,
      },
      update: {
        $set: {
          [`${path}.status`]: 'returned',
          [`${path}.detail`]: reason,
          heldAlone: false,
          updatedAt: at,
          // Until its workflow has seen to it: it goes on sale again, or its seller is told.
          dueAt: at,
          roundsBefore,
          ...change,
        },
        $inc: { held: -1, price: -refund.sellerPays },
        $pull: { buyerIds: sale.buyer },
      },
    },
    { name: 'insertOne', namespace: `${db.databaseName}.returns`, document: returned },
    ...returnEntriesOf(sale, refund, at).map((document): Write => {
      return { name: 'insertOne', namespace: `${db.databaseName}.ledger`, document };
    }),
    ...personIds(lead.match).map((_id): Write => ({
      name: 'updateOne',
      namespace: `${db.databaseName}.persons`,
      filter: { _id },
      update: { $pull: { holds: { sale: sale._id } } },
    })),
  ];
}

/** Money to a buyer that prepays in the sale's currency, and room in the very windows that the sale was counted in. */
function givingBack(
  { db }: Database,
  sale: SaleDocument,
  { buyerGets }: Refund,
  { freesCap, isPrepaid }: { freesCap: boolean; isPrepaid: boolean },
): Write[] {
  const room = (freesCap ? (sale.counted ?? []) : []).map(({ path, adds }): [string, number] => [
    path,
    path.startsWith('spent.') ? -buyerGets : -adds,
  ]);
  const add = (_id: string, amounts: Record<string, number>, when: object = {}): Write => ({
    name: 'updateOne',
    namespace: `${db.databaseName}.usage`,
    filter: { _id, ...when },
    update: { $inc: amounts },
  });
  return [
    ...(room.length > 0 ? [add(sale.contract, Object.fromEntries(room))] : []),
    ...(isPrepaid && buyerGets > 0
      ? [add(accountId(sale.buyer), { balance: buyerGets }, { currency: isIn(sale.currency) })]
      : []),
  ];
}
