import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { statementView } from '../../src/operations/books/booksOperations.js';
import { statementCsv } from '../../src/cli/commands/books/statementText.js';
import { bookSale } from '../../src/store/sales/book.js';
import { checkBooks, type CheckCursor } from '../../src/store/books/checkBooks.js';
import { claimLead } from '../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import type { CampaignDocument, EntryDocument } from '../../src/store/documents.js';
import { statementPage, type StatementCursor, type Period } from '../../src/store/books/statement.js';
import { bookTopUp } from '../../src/store/books/topUp.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

const DAY = 86_400_000;
const TODAY: Period = { from: new Date(Date.now() - DAY), until: new Date(Date.now() + DAY) };
const TOMORROW: Period = { from: new Date(Date.now() + DAY), until: new Date(Date.now() + 2 * DAY) };

describe('the books', () => {
  let database: Database;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    campaign = await storeMarket(database, {});
    await database.buyers.insertOne({
      _id: 'northwind',
      name: 'Northwind, "Mutual"',
      active: true,
      post: { url: 'http://127.0.0.1:1/', timeoutMs: 1000 },
      secret: 'whsec_',
      balance: 10_000,
      currency: 'USD',
    });
    const topUp = { buyer: 'northwind', amount: 10_000, currency: 'USD', ref: 'wire 7, "May"' };
    expect(await bookTopUp(database, topUp)).toMatchObject({ isNew: true, balance: 10_000 });
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  /** A lead sold to northwind for 45.00, of which the seller earns 40.00. */
  async function sell(): Promise<{ lead: string; sale: string }> {
    const { _id } = await storeLead(database, campaign);
    const contract = `${campaign._id}/northwind`;
    const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4000 };
    const claimed = await claimLead(database, { lead: _id, contract, postId: v7(), ...terms, maxBuyers: 1 });
    if (!('claim' in claimed)) throw new Error('The lead is not on sale.');
    const { lead, claim } = claimed;
    await bookSale(database, { lead, contract, claim });
    await database.usage.updateOne({ _id: 'buyer:northwind' }, { $inc: { balance: -4500 } });
    return { lead: _id, sale: claim.postId };
  }

  const statementOf = async (account: string, span: Period) =>
    (await statementPage(database, account, span, { limit: 100 })).currencies;

  test('are shown by account with the balance before and after', async () => {
    const { lead, sale } = await sell();
    const buyer = await statementOf('buyer:northwind', TODAY);
    expect(buyer).toMatchObject([{ currency: 'USD', opening: 0, closing: 5500 }]);
    expect(buyer[0]?.lines).toMatchObject([
      { kind: 'top_up', amount: 10_000, balance: 10_000, ref: 'wire 7, "May"' },
      { kind: 'sale', amount: -4500, balance: 5500, booking: sale, lead, campaign: campaign._id },
    ]);
    expect(await statementOf('seller:ACME1234', TODAY)).toMatchObject([{ closing: 4000 }]);
    expect(await statementOf('house', TODAY)).toMatchObject([{ closing: 500 }]);
  });

  test('open a period with the closing balance of the previous one', async () => {
    const [today] = await statementOf('buyer:northwind', TODAY);
    expect(await statementOf('buyer:northwind', TOMORROW)).toEqual([
      { currency: 'USD', opening: today?.closing, lines: [], closing: today?.closing },
    ]);
  });

  test('are exported as RFC 4180 CSV, and as JSON with decimals', async () => {
    const page = await statementPage(database, 'buyer:northwind', TODAY, { limit: 100 });
    const [from, to] = [new Date('2026-11-01'), new Date('2026-11-30')];
    const statement = statementView('buyer:northwind', { from, to }, page);
    const lines = statementCsv(statement).split('\r\n');
    expect(lines[0]).toBe('2026-11-01,opening_balance,,,,,,,USD,,0.00');
    expect(lines[1]).toContain(',"wire 7, ""May""",USD,100.00,100.00');
    expect(lines[2]).toContain(',ACME1234/auto-insurance,ACME1234,northwind,,USD,-45.00,55.00');
    expect(lines.slice(3)).toEqual(['2026-11-30,closing_balance,,,,,,,USD,,55.00', '']);
    expect(statement).toMatchObject({
      from: '2026-11-01',
      currencies: [{ opening_balance: 0, bookings: [{ amount: 100 }, { amount: -45 }], closing_balance: 55 }],
    });
  });

  test('book a payment once, however often it is submitted concurrently', async () => {
    const before = await database.usage.findOne({ _id: 'buyer:northwind' });
    const again = { buyer: 'northwind', amount: 9_999, currency: 'USD', ref: 'wire 7, "May"' };
    const booked = await Promise.all([1, 2, 3].map(() => bookTopUp(database, again)));
    for (const each of booked) expect(each).toMatchObject({ isNew: false, amount: 10_000 });
    const fresh = { buyer: 'northwind', amount: 100, currency: 'USD', ref: 'wire 8' };
    const at = await Promise.all([1, 2, 3].map(() => bookTopUp(database, fresh)));
    expect(at.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await database.usage.findOne({ _id: 'buyer:northwind' })).toEqual({
      ...before,
      balance: (before?.balance ?? 0) + 100,
    });
  });

  test('are consistent while a post is in progress', async () => {
    const reserved = { lead: 'l', contract: 'c', at: new Date(), took: [], price: 1000 };
    await database.usage.updateOne(
      { _id: 'buyer:northwind' },
      { $inc: { balance: -1000 }, $set: { 'reserved.p': reserved } },
    );
    expect(await checkBooks(database)).toMatchObject({ leads: 1, sales: 1, balances: 1, differences: [] });
    await database.usage.updateOne(
      { _id: 'buyer:northwind' },
      { $inc: { balance: 1000 }, $unset: { reserved: '' } },
    );
  });

  test.each([
    [
      'an entry that was changed',
      'booking',
      ({ sale }: Sold) => database.ledger.updateOne({ _id: `${sale}/house` }, { $inc: { amount: 1 } }),
    ],
    [
      'a sale that was changed',
      'sale',
      ({ sale }: Sold) => database.sales.updateOne({ _id: sale }, { $inc: { price: 1 } }),
    ],
    [
      'a lead’s price',
      'lead',
      ({ lead }: Sold) => database.leads.updateOne({ _id: lead }, { $inc: { price: 1 } }),
    ],
    ['a lead without its sale', 'lead', ({ sale }: Sold) => database.sales.deleteOne({ _id: sale })],
    [
      'a balance',
      'balance',
      () => database.usage.updateOne({ _id: 'buyer:northwind' }, { $inc: { balance: 1 } }),
    ],
  ])('name %s', async (_what, what, spoil) => {
    const sold = await sell();
    const leads = await database.leads.find().toArray();
    const [sales, ledger, usage] = [
      await database.sales.find().toArray(),
      await database.ledger.find().toArray(),
      await database.usage.find().toArray(),
    ];
    await spoil(sold);
    const { differences } = await checkBooks(database);
    expect(differences).toContainEqual(
      expect.objectContaining({
        what,
        id: { booking: sold.sale, sale: sold.sale, lead: sold.lead, balance: 'buyer:northwind' }[what],
      }),
    );
    await restore(database.leads, leads);
    await restore(database.sales, sales);
    await restore(database.ledger, ledger);
    await restore(database.usage, usage);
    expect((await checkBooks(database)).differences).toEqual([]);
  });
});

describe('books of many bookings', () => {
  const BOOKINGS = 1050;
  const DAY_OF_SALES = Date.UTC(2026, 10, 24);
  const SPAN: Period = { from: new Date(DAY_OF_SALES), until: new Date(DAY_OF_SALES + DAY) };
  let database: Database;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await ensureIndexes(database);
    const entries = Array.from({ length: BOOKINGS }, (_, i): EntryDocument[] => {
      const sale = `sale-${String(i).padStart(5, '0')}`;
      // Many with equal times, in two currencies, some of them before the period.
      const at = new Date(DAY_OF_SALES - 1000 + Math.floor(i / 7) * 10);
      const common = { kind: 'top_up' as const, sale, currency: i % 5 === 0 ? 'EUR' : 'USD', at };
      return [
        { ...common, _id: `${sale}/buyer:northwind`, account: 'buyer:northwind', amount: i },
        { ...common, _id: `${sale}/bank`, account: 'bank', amount: -i },
      ];
    });
    await database.ledger.insertMany(entries.flat());
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  test('are listed page by page, each line once, with balances that continue across pages', async () => {
    const whole = await statementPage(database, 'buyer:northwind', SPAN, { limit: 10_000 });
    expect(whole.next).toBeUndefined();
    for (const limit of [1, 97, 333, 1000]) {
      const lines = new Map<string, string[]>();
      const closing = new Map<string, number>();
      let after: StatementCursor | undefined;
      for (let pages = 0; pages < (limit === 1 ? 20 : 1000); pages++) {
        const page = await statementPage(database, 'buyer:northwind', SPAN, { limit, after });
        expect(page.currencies.reduce((sum, each) => sum + each.lines.length, 0)).toBeLessThanOrEqual(limit);
        for (const { currency, opening, isContinued, ...part } of page.currencies) {
          if (isContinued) expect(opening).toBe(closing.get(currency));
          closing.set(currency, part.closing);
          lines.set(currency, [...(lines.get(currency) ?? []), ...part.lines.map(({ booking }) => booking)]);
        }
        after = page.next;
        if (after === undefined) break;
      }
      if (limit === 1) continue;
      for (const { currency, lines: all, closing: end } of whole.currencies) {
        expect(lines.get(currency)).toEqual(all.map(({ booking }) => booking));
        expect(closing.get(currency)).toBe(end);
      }
    }
  });

  test('are read only as far as a page needs', async () => {
    const read = vi.spyOn(database.ledger, 'aggregate');
    await statementPage(database, 'buyer:northwind', SPAN, { limit: 10 });
    const limits = read.mock.calls.flatMap(([stages = []]) =>
      stages.flatMap((stage): number[] => ('$limit' in stage ? [Number(stage.$limit)] : [])),
    );
    expect(limits).toEqual([11]);
    read.mockRestore();
  });

  test('are checked in batches, with each difference reported once', async () => {
    const wrong = ['sale-00003/bank', 'sale-00600/bank', 'sale-01049/bank'];
    for (const _id of wrong) await database.ledger.updateOne({ _id }, { $inc: { amount: 1 } });
    const found: string[] = [];
    let from: CheckCursor | undefined;
    let parts = 0;
    do {
      const part = await checkBooks(database, { from, most: 300 });
      found.push(...part.differences.map(({ id }) => id));
      from = part.next;
      parts += 1;
    } while (from !== undefined);
    expect(found).toEqual(wrong.map((id) => id.replace('/bank', '')));
    expect(parts).toBeGreaterThanOrEqual(BOOKINGS / 300);
    expect((await checkBooks(database)).differing).toBe(3);
    for (const _id of wrong) await database.ledger.updateOne({ _id }, { $inc: { amount: -1 } });
  });

  test('with only wrong bookings keep at most a thousand differences in memory', async () => {
    await database.ledger.updateMany({ account: 'bank' }, { $inc: { amount: 1 } });
    const { differences, differing } = await checkBooks(database);
    expect([differences.length, differing]).toEqual([1000, BOOKINGS]);
  });
});

interface Sold {
  lead: string;
  sale: string;
}

async function restore<T extends { _id: string }>(
  collection: { deleteMany(filter: object): Promise<unknown>; insertMany(all: T[]): Promise<unknown> },
  documents: T[],
): Promise<void> {
  await collection.deleteMany({});
  await collection.insertMany(documents);
}
