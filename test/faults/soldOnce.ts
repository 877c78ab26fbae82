import { expect } from 'vitest';
import { type Minor, toDecimal } from '../../src/market/money.js';
import type { Database } from '../../src/store/db.js';
import type { FakeBuyer } from '../support/buyer.js';
import { leadNow, type Source } from '../support/source.js';

/** A lead that must be sold, with its buyer. */
export interface Expected {
  leadId: string;
  buyer: string;
  price: Minor;
  /** The server of that buyer. */
  server: FakeBuyer;
  /** Other bidders, which must not have received the lead. */
  others?: FakeBuyer[];
}

/** Waits until the API shows the lead as sold to this buyer at this price. */
export async function becomesSold(
  source: Source,
  { leadId, buyer, price }: Pick<Expected, 'leadId' | 'buyer' | 'price'>,
  withinMs = 40_000,
): Promise<void> {
  await expect
    .poll(() => leadNow(source, leadId), { timeout: withinMs, interval: 100 })
    .toMatchObject({ status: 'sold', price: toDecimal(price, 'USD'), buyer_ids: [buyer] });
}

/** Expects one sale of the lead, a ledger that sums to zero, and one buyer that got the lead under one post id. */
export async function wasSoldOnce(database: Database, expected: Expected): Promise<void> {
  const { leadId, buyer, price, server, others = [] } = expected;
  const posts = postsOf(server, leadId);
  const postIds = [...new Set(posts.map(({ body }) => body.post_id))];
  expect(postIds).toHaveLength(1);
  expect(posts.every(({ signed, headers }) => signed && headers['webhook-id'] === postIds[0])).toBe(true);
  expect(others.flatMap((other) => postsOf(other, leadId))).toEqual([]);

  const sales = await database.sales.find({ lead: leadId }).toArray();
  expect(sales.map(({ _id, buyer: to, price: at }) => [_id, to, at])).toEqual([[postIds[0], buyer, price]]);
  const entries = await database.ledger.find({ sale: { $in: sales.map(({ _id }) => _id) } }).toArray();
  const amounts = entries.map(({ account, amount }): [string, Minor] => [account, amount]);
  expect(Object.fromEntries(amounts)).toEqual({ [`buyer:${buyer}`]: -price, 'seller:ACME1234': price });
  expect(amounts).toHaveLength(2);

  const lead = await database.leads.findOne({ _id: leadId });
  expect(lead).toMatchObject({ status: 'sold', price, buyerIds: [buyer], claimed: 1 });
  expect(lead).not.toHaveProperty('dueAt');
  expect(Object.values(lead?.claims ?? {}).map(({ status }) => status)).toEqual(['accepted']);
}

export const postsOf = (server: FakeBuyer, leadId: string) =>
  server.of('post').filter(({ body }) => body.lead_id === leadId);
