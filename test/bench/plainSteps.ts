import { v7 } from 'uuid';
import { personScreen } from '../../src/buyers/personScreen.js';
import { sendPing } from '../../src/buyers/ping.js';
import { sendPost } from '../../src/buyers/post.js';
import type { Send } from '../../src/buyers/send.js';
import { SAMPLE } from '../../src/local/demo/sample.js';
import { cached } from '../../src/store/cache.js';
import type { Database } from '../../src/store/db.js';
import { secretsOf } from '../../src/store/keys/signing.js';
import { buyerId, SHAPES } from './market.js';

const CURRENCY = 'USD';

/** Those of the usual lead. */
const BUYER_IDS = Array.from({ length: SHAPES.usual.contracts }, (_, i) => buyerId(SHAPES.usual.buyers, i));

/** A lead of the plain way, stored separately from the product's leads. */
interface PlainLead {
  _id: string;
  status: 'received' | 'sold';
  fields: Record<string, string>;
  bids?: PlainBid[];
  best?: PlainBid;
}

/** Amounts in minor units. */
interface PlainBid {
  buyer: string;
  price: number;
}

interface PlainEntry {
  _id: string;
  account: string;
  amount: number;
}

const leadsOf = ({ db }: Database) => db.collection<PlainLead>('plainLeads');

/** Stores the sample lead for the plain way; returns its id. */
export async function storePlainLead(database: Database): Promise<string> {
  const _id = v7();
  await leadsOf(database).insertOne({ _id, status: 'received', fields: SAMPLE });
  return _id;
}

/**
 * The activities of the plain way. They send the same requests to the same buyers and write the same data in equally few
 * round trips, but check no rules and are not idempotent, because only the structure is compared.
 */
export function plainSteps(database: Database, send: Send) {
  const leads = leadsOf(database);
  const market = cached(async () => {
    const all = await database.buyers.find({ _id: { $in: BUYER_IDS } }).toArray();
    return new Map(
      all.map((buyer) => [buyer._id, { ...buyer, secret: secretsOf(database.vault, 'buyer', buyer) }]),
    );
  });
  const buyers = () => market('buyers');

  return {
    async plan(leadId: string): Promise<string[]> {
      const [lead, known] = await Promise.all([leads.findOne({ _id: leadId }), buyers()]);
      return lead === null ? [] : [...known.keys()];
    },

    async ping(leadId: string, id: string): Promise<PlainBid | undefined> {
      const buyer = (await buyers()).get(id);
      if (buyer?.ping === undefined) return undefined;
      const { category, state, zip, city } = SAMPLE;
      const result = await sendPing(
        send,
        { ...buyer.ping, secret: buyer.secret },
        {
          ...{ pingId: `${leadId}/${id}`, category, state, zip, city },
          ...{ round: 1, floor: 1000, currency: CURRENCY, test: false, fields: {} },
        },
        personScreen({ fields: SAMPLE }),
      );
      return 'bid' in result ? { buyer: id, price: result.bid.price ?? 0 } : undefined;
    },

    async decide(leadId: string, answers: (PlainBid | undefined)[]): Promise<PlainBid | undefined> {
      const bids = answers.filter((bid) => bid !== undefined);
      const [best] = bids.toSorted((a, b) => b.price - a.price);
      await leads.updateOne({ _id: leadId }, { $set: { bids, best } });
      return best;
    },

    async post(leadId: string, { buyer: id, price }: PlainBid): Promise<boolean> {
      const [lead, buyer] = [await leads.findOne({ _id: leadId }), (await buyers()).get(id)];
      if (lead === null || buyer?.post === undefined) return false;
      const result = await sendPost(
        send,
        { ...buyer.post, secret: buyer.secret },
        {
          ...{ postId: `${leadId}/${id}`, leadId, price, currency: CURRENCY },
          ...{ exclusive: true, test: false, receivedAt: new Date(), lead: lead.fields },
        },
        personScreen(lead),
      );
      return result.answer === 'accepted';
    },

    async book(leadId: string, { buyer, price }: PlainBid): Promise<void> {
      const entry = (account: string, amount: number): PlainEntry => ({
        _id: `${leadId}/${account}`,
        account,
        amount,
      });
      const { client, db } = database;
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await client.bulkWrite<Record<string, PlainLead | PlainEntry>>(
            [
              {
                name: 'updateOne',
                namespace: `${db.databaseName}.plainLeads`,
                filter: { _id: leadId },
                update: { $set: { status: 'sold' } },
              },
              ...[entry(`buyer:${buyer}`, -price), entry(`seller:${SAMPLE.seller}`, price)].map(
                (document) => ({
                  name: 'insertOne' as const,
                  namespace: `${db.databaseName}.plainLedger`,
                  document,
                }),
              ),
            ],
            { session },
          );
        }),
      );
    },
  };
}

export type PlainSteps = ReturnType<typeof plainSteps>;
