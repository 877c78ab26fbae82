import { auditIndexes } from '../audit.js';
import { ledgerIndexes } from '../books/ledger.js';
import type { Database } from '../db.js';
import { answerIndexes } from '../fairness/answers.js';
import { keyIndexes } from '../keys/apiKeys.js';
import { leadIndexes } from '../leads/leads.js';
import { marketIndexes } from '../market/storedTerms.js';
import { erasureIndexes } from '../persons/erasures.js';
import { capacityIndexes } from '../sales/capacity.js';
import { saleIndexes } from '../sales/sales.js';

/** Makes the indexes that are missing; every process does so when it starts. */
export async function ensureIndexes(database: Database): Promise<void> {
  await marketIndexes(database);
  await keyIndexes(database);
  await leadIndexes(database);
  await erasureIndexes(database);
  await saleIndexes(database);
  await ledgerIndexes(database);
  await capacityIndexes(database);
  await auditIndexes(database);
  await answerIndexes(database);
}
