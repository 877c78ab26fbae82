import type { Minor } from '../market/money.js';
import type { Counted } from './capacity.js';
import type { Database } from './db.js';

/** An accepted post: who, for how much. Immutable, except that `buyerLeadId` is erased with the lead's person. */
export interface SaleDocument {
  /** The post's id, made of lead and contract: a repeat can't make a second sale. */
  _id: string;
  lead: string;
  seller: string;
  campaign: string;
  contract: string;
  buyer: string;
  /** What the buyer pays. */
  price: Minor;
  /** What the seller earns of it; the rest is the house's. */
  earns: Minor;
  exclusive: boolean;
  currency: string;
  round: number;
  test: boolean;
  at: Date;
  buyerLeadId?: string;
  /** What it was counted by under the contract's caps and budgets, in which windows: given back with a return. */
  counted?: Counted[];
}

export async function saleIndexes({ sales }: Database): Promise<void> {
  await sales.createIndex({ lead: 1 });
  await sales.createIndex({ seller: 1, at: -1 });
  await sales.createIndex({ buyer: 1, at: -1 });
}
