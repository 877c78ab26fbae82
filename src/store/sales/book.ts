import type { ClientBulkWriteModel } from 'mongodb';
import type { Purchase } from '../../market/limits/duplicates.js';
import { toDecimal } from '../../market/money.js';
import { metrics } from '../../metrics.js';
import type {
  Claim,
  CountedUsage,
  EntryDocument,
  MailDocument,
  PostAttempt,
  SaleDocument,
  StoredLead,
} from '../documents.js';
import type { Database } from '../db.js';
import { entriesOf } from './ledger.js';
import { runInBatches, leadLane } from '../lanes.js';
import { writeInTransaction } from '../transaction.js';

/** The post was no longer in progress when its sale was to be booked: settled, cancelled, or replaced by another. */
class NotPosting extends Error {}

/** The buyer's reference of the lead and its address for the person, or why they are not kept. */
export interface Acceptance {
  buyerLeadId?: string;
  redirectUrl?: string;
  detail?: string;
  /** The attempt that was accepted; absent if ops or the buyer's status address said so. */
  attempt?: PostAttempt;
  /** If the lead is to be e-mailed together with others: when, and by which outlet. */
  mail?: Pick<MailDocument, 'dueAt' | 'outlet'>;
}

/** A post that its buyer has accepted. */
export interface AcceptedPost {
  lead: StoredLead;
  contract: string;
  claim: Claim;
  /** What its reservation has counted. */
  counted?: readonly CountedUsage[];
  /** Whether a reservation is left to confirm after the booking; by default there may be one. */
  isUnsettled?: boolean;
}

/**
 * Books a sale: the lead's status, the sale and the ledger, in one transaction of two round trips. What other sales may
 * wait for, limits and purchases of the person's leads, is not part of it: `confirm` settles that afterwards.
 * Idempotent: the condition on the claim allows only the first booking. Returns the claim's status after it:
 * `accepted`, or `cancelled` if the buyer accepted after the post was cancelled, even if the contract was offered the
 * lead again since.
 */
export async function bookSale(
  database: Database,
  { lead, contract, claim, counted: reserved = [], isUnsettled = true }: AcceptedPost,
  acceptance: Acceptance = {},
): Promise<Claim['status']> {
  const counted = reserved.filter(({ path }) => /^(sold|spent)\./.test(path));
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
    buyerLeadId: acceptance.buyerLeadId,
    redirectUrl: acceptance.redirectUrl,
    ...(counted.length > 0 && { counted }),
  };
  const writes = booking(database, lead, { sale, acceptance, isUnsettled });
  // The buyers of a shared lead accept concurrently, and each sale is written into the lead.
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

/** Books all in one transaction; if one of them can't be booked, each in its own. */
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
  metrics.sale(1, { campaign, buyer });
  metrics.spent(toDecimal(price, currency), { campaign, buyer, currency });
}

/** The currency of a claim's amounts. */
export const currencyOf = ({ currency }: Claim, lead: Pick<StoredLead, 'currency'>): string =>
  currency ?? lead.currency;

/** The writes of one booking. */
type Books = StoredLead | SaleDocument | EntryDocument | MailDocument;
type Booking = ClientBulkWriteModel<Record<string, Books>>[];

function booking(
  { db }: Database,
  lead: StoredLead,
  {
    sale,
    acceptance: { detail, attempt, mail },
    isUnsettled,
  }: { sale: SaleDocument; acceptance: Acceptance; isUnsettled: boolean },
): Booking {
  const { _id, contract, buyer, at } = sale;
  const path = `claims.${contract}`;
  const done = {
    [`${path}.status`]: 'accepted',
    [`${path}.endedAt`]: sale.at,
    [`${path}.buyerLeadId`]: sale.buyerLeadId,
    [`${path}.redirectUrl`]: sale.redirectUrl,
    [`${path}.detail`]: detail,
    [`${path}.mailAt`]: mail?.dueAt,
  };
  return [
    {
      name: 'updateOne',
      namespace: `${db.databaseName}.leads`,
      filter: { _id: lead._id, [`${path}.status`]: 'posting', [`${path}.postId`]: sale._id },
      update: {
        $set: {
          status: 'sold',
          updatedAt: sale.at,
          endedAt: sale.at,
          redirectUrl: sale.redirectUrl,
          ...done,
        },
        $inc: { price: sale.earns },
        $push: {
          buyerIds: sale.buyer,
          unsettled: isUnsettled ? contract : undefined,
          [`${path}.attempts`]: attempt,
        },
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
    ...(mail === undefined
      ? []
      : [
          {
            name: 'insertOne' as const,
            namespace: `${db.databaseName}.mails`,
            document: { _id, lead: lead._id, contract, buyer, sweepAt: at, ...mail },
          },
        ]),
  ];
}

/** The buyer's purchase of the lead, for duplicate rules on other leads. */
export function purchaseOf(
  lead: Pick<StoredLead, '_id' | 'campaign' | 'match'>,
  contract: string,
  claim: Pick<Claim, 'postId' | 'buyer'>,
  at = Date.now(),
): Purchase {
  const { postId: sale, buyer } = claim;
  return { sale, lead: lead._id, contract, buyer, campaign: lead.campaign, at, ...lead.match };
}
