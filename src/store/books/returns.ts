import type { ClientBulkWriteModel } from 'mongodb';
import { personIds } from '../../market/limits/duplicates.js';
import { refundOf, type Refund } from '../../market/model/returnShares.js';
import type { ReturnPolicy } from '../../market/model/market.js';
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
import { returnEntriesOf } from '../sales/ledger.js';
import { NOT_WITHDRAWN } from '../leads/withdrawals.js';

export const findReturn = ({ returns }: Database, sale: string): Promise<ReturnDocument | null> =>
  returns.findOne({ _id: sale });

/** The lead was modified concurrently between read and write. */
class LeadChanged extends Error {}

/**
 * Books a return: the return, the reversed ledger entries, the lead without this buyer and at a lower price, the
 * buyer's balance and its contract's counters, in one transaction. Idempotent by sale: a repeat gets the return of the
 * first call, and `isNew` is false. A lead goes on sale again only if no other buyer has it, its person is not
 * erased, and it was not withdrawn.
 */
export async function bookReturn(
  database: Database,
  sale: SaleDocument,
  { policy, reason, at }: { policy: ReturnPolicy; reason: string; at: Date },
): Promise<{ returned: ReturnDocument; isNew: boolean }> {
  for (;;) {
    const [lead, buyer] = await Promise.all([
      database.leads.findOne({ _id: sale.lead }),
      database.buyers.findOne({ _id: sale.buyer }),
    ]);
    // Read after the lead: if the lead shows the return, it is booked.
    const before = await findReturn(database, sale._id);
    if (before !== null) return { returned: before, isNew: false };
    if (lead?.claims[sale.contract]?.status !== 'accepted')
      throw new Error(`Sale ${sale._id} is not in its lead`);
    const refund = refundOf(sale, policy.refund);
    const isLast = lead.status === 'sold' && lead.claimed === 1;
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
      endedAt: returned.resold ? undefined : isLast ? at : lead.endedAt,
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

/** What a return changes in its lead. `endedAt` is absent if the lead is on sale again. */
type LeadChange = Pick<StoredLead, 'status' | 'returns' | 'endedAt'>;

/** A single word in the form of a code can hardly identify a person. */
const isOneWord = (reason: string): boolean => !reason.includes('_');

/** A return in the form that its lead has. */
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

/** The returns of a lead. Leads of earlier releases don't have them. */
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

/** Writes the lead, if it is unmodified since the read; the return; the ledger entries. */
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
        claimed: lead.claimed,
        ...(resold ? NOT_WITHDRAWN : {}),
        [`${path}.status`]: 'accepted',
        [`${path}.postId`]: sale._id,
      },
      update: {
        $set: {
          [`${path}.status`]: 'returned',
          [`${path}.detail`]: reason,
          claimedAlone: false,
          updatedAt: at,
          // Until its workflow handles the return: it puts the lead on sale again, or notifies the seller.
          dueAt: at,
          roundsBefore,
          ...change,
        },
        $inc: { claimed: -1, price: -refund.sellerPays },
        $pull: { buyerIds: sale.buyer },
        $unset: resold ? { endedAt: '' } : undefined,
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
      update: { $pull: { purchases: { sale: sale._id } } },
    })),
  ];
}

/**
 * Credits a prepaid buyer in the sale's currency, and subtracts from the counters of the windows that the sale was
 * counted in.
 */
function givingBack(
  { db }: Database,
  sale: SaleDocument,
  { buyerGets }: Refund,
  { freesCap, isPrepaid }: { freesCap: boolean; isPrepaid: boolean },
): Write[] {
  const freed = (freesCap ? (sale.counted ?? []) : []).map(({ path, adds }): [string, number] => [
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
    ...(freed.length > 0 ? [add(sale.contract, Object.fromEntries(freed))] : []),
    ...(isPrepaid && buyerGets > 0
      ? [add(accountId(sale.buyer), { balance: buyerGets }, { currency: isIn(sale.currency) })]
      : []),
  ];
}
