import type { Database } from '../db.js';

export async function saleIndexes({ sales }: Database): Promise<void> {
  await sales.createIndex({ lead: 1 });
  await sales.createIndex({ seller: 1, at: -1 });
  await sales.createIndex({ buyer: 1, at: -1 });
}
