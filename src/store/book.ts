import type { ClientBulkWriteModel } from 'mongodb';
import type { Database } from './db.js';
import { entriesOf, type EntryDocument } from './ledger.js';
import type { Claim } from './leads.js';
import type { StoredLead } from './person.js';
import { rethrowCause } from './rethrowCause.js';
import type { SaleDocument } from './sales.js';

/** The claim was not `posting` when the sale was to be booked; what it was instead. */
class NotPosting extends Error {}

/**
 * Books a sale: the lead's status, the sale and both sides of the ledger, in one transaction of two round trips.
 * Idempotent: the condition on the claim lets the first booking through and no other. Returns the claim's state
 * after it: `accepted`, or `cancelled` where the buyer's yes came after the post was called off.
 */
export async function bookSale(
  database: Database,
  lead: StoredLead,
  contract: string,
  claim: Claim,
  buyerLeadId: string | undefined,
): Promise<Claim['status']> {
  const sale: SaleDocument = {
    _id: claim.postId,
    lead: lead._id,
    seller: lead.seller,
    campaign: lead.campaign,
    contract,
    buyer: claim.buyer,
    price: claim.price,
    currency: lead.currency,
    round: claim.round,
    test: lead.test,
    at: new Date(),
    buyerLeadId,
  };
  const writes = booking(database, lead._id, contract, sale);
  try {
    await database.client.withSession(blind, (session) =>
      session.withTransaction(async () => {
        const { matchedCount } = await database.client
          .bulkWrite<Books>(writes, { session })
          .catch(rethrowCause);
        if (matchedCount !== 1) throw new NotPosting();
      }),
    );
    return 'accepted';
  } catch (error) {
    if (!(error instanceof NotPosting)) throw error;
    const now = await database.leads.findOne({ _id: lead._id }, { projection: { claims: 1 } });
    return now?.claims[contract]?.status ?? 'cancelled';
  }
}

/**
 * A booking reads nothing, so it needs no order among reads. Asking for one would put a read concern into the repeat of
 * a transaction that met a conflict, which SecantusDB refuses with `bulkWrite`.
 */
const blind = { causalConsistency: false };

/** What one booking writes: the client's bulkWrite reaches all of its collections in one round trip. */
type Books = Record<string, StoredLead | SaleDocument | EntryDocument>;

function booking(
  { db }: Database,
  leadId: string,
  contract: string,
  sale: SaleDocument,
): ClientBulkWriteModel<Books>[] {
  const path = `claims.${contract}`;
  const buyerLeadId = sale.buyerLeadId === undefined ? {} : { [`${path}.buyerLeadId`]: sale.buyerLeadId };
  const done = { [`${path}.status`]: 'accepted', [`${path}.endedAt`]: sale.at, ...buyerLeadId };
  return [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      filter: { _id: leadId, [`${path}.status`]: 'posting' },
      update: {
        $set: { status: 'sold', updatedAt: sale.at, ...done },
        $inc: { price: sale.price },
        $push: { buyerIds: sale.buyer },
        $unset: { dueAt: '', reason: '' },
      },
    },
    { name: 'insertOne', namespace: `${db.databaseName}.sales`, document: sale },
    ...entriesOf(sale).map((document) => ({
      name: 'insertOne' as const,
      namespace: `${db.databaseName}.ledger`,
      document,
    })),
  ];
}
