import type { ClientBulkWriteModel } from 'mongodb';
import type { Hold } from '../../market/limits/duplicates.js';
import { toDecimal } from '../../market/money.js';
import { measured } from '../../metrics.js';
import type { Claim, CountedUsage, EntryDocument, SaleDocument, StoredLead } from '../documents.js';
import type { Database } from '../db.js';
import { entriesOf } from './ledger.js';
import { runInBatches, leadLane } from '../lanes.js';
import { writeInTransaction } from '../transaction.js';

/** The post was not under way any more when its sale was to be booked: settled, called off, or followed by another. */
class NotPosting extends Error {}

/** What the buyer calls the lead, or why that is not kept. */
export interface BuyerReference {
  buyerLeadId?: string;
  detail?: string;
}

/** What the reservation did, for the booking to know. */
export interface Room {
  /** Whether a reservation is to be confirmed after the booking. */
  isReserved: boolean;
  /** Whether it has noted already that the buyer holds a lead of the person. */
  isNoted: boolean;
  /** What it counted. */
  took: CountedUsage[];
}

/**
 * Books a sale: the lead's status, the sale and the ledger, in one transaction of two round trips. What other sales may
 * wait for, limits and who holds leads of the person, is not in it: `confirm` settles that after it.
 * Idempotent: the condition on the claim lets the first booking through and no other. Returns the claim's state
 * after it: `accepted`, or `cancelled` where the buyer's yes came after the post was called off, also where the contract
 * is offered the lead anew by now.
 */
export async function bookSale(
  database: Database,
  lead: StoredLead,
  contract: string,
  claim: Claim,
  reference: BuyerReference | undefined,
  { isReserved, isNoted, took }: Room,
): Promise<Claim['status']> {
  const counted = took.filter(({ path }) => /^(sold|spent)\./.test(path));
  const sale: SaleDocument = {
    _id: claim.postId,
    lead: lead._id,
    seller: lead.seller,
    campaign: lead.campaign,
    contract,
    buyer: claim.buyer,
    price: claim.price,
    earns: claim.earns,
    exclusive: claim.exclusive,
    currency: currencyOf(claim, lead),
    round: claim.round,
    test: lead.test,
    at: new Date(),
    buyerLeadId: reference?.buyerLeadId,
    ...(counted.length > 0 && { counted }),
  };
  const writes = booking(database, lead, contract, sale, { isReserved, isNoted, detail: reference?.detail });
  // The buyers of a shared lead accept at the same moment, and each sale is written into the lead.
  const booked = await runInBatches(
    database,
    { lane: leadLane(lead._id), kind: 'book' },
    writes,
    (bookings) => bookAll(database, bookings),
  );
  if (booked.status === 'fulfilled') {
    if (!sale.test) measure(sale);
    return 'accepted';
  }
  if (!(booked.reason instanceof NotPosting)) throw booked.reason;
  const found = await database.leads.findOne({ _id: lead._id }, { projection: { claims: 1 } });
  const now = found?.claims[contract];
  if (now?.postId !== claim.postId) return 'cancelled';
  return now.status === 'returned' ? 'accepted' : now.status;
}

/** Books all of them in one transaction; if one of them can't be booked, each in its own. */
async function bookAll(database: Database, bookings: Booking[]): Promise<PromiseSettledResult<void>[]> {
  if (bookings.length > 1) {
    const [together] = await Promise.allSettled([bookTogether(database, bookings)]);
    if (together.status === 'fulfilled') return bookings.map(() => together);
  }
  const results: PromiseSettledResult<void>[] = [];
  for (const booking of bookings)
    results.push(...(await Promise.allSettled([bookTogether(database, [booking])])));
  return results;
}

const bookTogether = ({ client }: Database, bookings: Booking[]): Promise<void> =>
  writeInTransaction(client, bookings.flat(), ({ updateResults }) => {
    // The update of the lead is the first write of each booking; the others insert.
    const matched = [...(updateResults?.values() ?? [])].filter(({ matchedCount }) => matchedCount === 1);
    if (matched.length < bookings.length) throw new NotPosting();
  });

function measure({ campaign, buyer, price, currency }: SaleDocument): void {
  measured.sale(1, { campaign, buyer });
  measured.spent(toDecimal(price, currency), { campaign, buyer, currency });
}

/** What a claim's amounts are in. */
export const currencyOf = ({ currency }: Claim, lead: Pick<StoredLead, 'currency'>): string =>
  currency ?? lead.currency;

/** What one booking writes. */
type Books = StoredLead | SaleDocument | EntryDocument;
type Booking = ClientBulkWriteModel<Record<string, Books>>[];

function booking(
  { db }: Database,
  lead: StoredLead,
  contract: string,
  sale: SaleDocument,
  { isReserved, isNoted, detail }: Pick<Room, 'isReserved' | 'isNoted'> & { detail: string | undefined },
): Booking {
  const path = `claims.${contract}`;
  const done = {
    [`${path}.status`]: 'accepted',
    [`${path}.endedAt`]: sale.at,
    [`${path}.buyerLeadId`]: sale.buyerLeadId,
    [`${path}.detail`]: detail,
  };
  return [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      filter: { _id: lead._id, [`${path}.status`]: 'posting', [`${path}.postId`]: sale._id },
      update: {
        $set: { status: 'sold', updatedAt: sale.at, ...done },
        $inc: { price: sale.earns },
        $push: { buyerIds: sale.buyer, ...((isReserved || !isNoted) && { loose: contract }) },
        $pull: { heldForOps: contract },
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

/** What holding the lead means for the person's other leads. */
export function holdOf(
  lead: Pick<StoredLead, '_id' | 'campaign' | 'match'>,
  contract: string,
  claim: Pick<Claim, 'postId' | 'buyer'>,
  at = Date.now(),
): Hold {
  const { postId: sale, buyer } = claim;
  return { sale, lead: lead._id, contract, buyer, campaign: lead.campaign, at, ...lead.match };
}
