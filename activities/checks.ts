import { askCheck } from '../src/buyers/check.js';
import { afterChecks, checksOf, type CheckResult } from '../src/market/eligibility/outsideChecks.js';
import { readableFields } from '../src/market/fields/standardFields.js';
import type { Plan } from '../src/market/eligibility/plan.js';
import type { LeadDocument } from '../src/store/documents.js';
import type { BuyerWithSecret, StoredTerms } from '../src/store/market/storedTerms.js';
import type { Deps } from './deps.js';

/**
 * Asks outside services about the lead, the last thing before buyers are: the campaign's for all contracts, each
 * contract's own for itself, side by side, the same question once. Contracts whose lead does not pass are excluded.
 * `checksMs` is how long they took.
 */
export async function planChecks(
  { send }: Deps,
  { campaign, seller }: StoredTerms,
  plan: Plan<BuyerWithSecret>,
  lead: LeadDocument,
): Promise<{ plan: Plan<BuyerWithSecret>; checksMs?: number }> {
  const asked = new Map(
    plan.open.flatMap((ready) => checksOf(campaign, ready)).map((check) => [JSON.stringify(check), check]),
  );
  if (asked.size === 0) return { plan };
  const began = performance.now();
  const answers = await Promise.all(
    [...asked].map(async ([key, check]): Promise<[string, CheckResult]> => {
      const about = { leadId: lead._id, fields: readableFields(lead) };
      return [key, await askCheck(send, check, about, seller.secret)];
    }),
  );
  const results = new Map(answers);
  return {
    plan: afterChecks(plan, campaign, (check) => results.get(JSON.stringify(check))),
    checksMs: Math.round(performance.now() - began),
  };
}
