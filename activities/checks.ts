import { askCheck, type CheckResult } from '../src/buyers/check.js';
import type { ReadyContract } from '../src/market/compile.js';
import type { Plan } from '../src/market/plan.js';
import type { Check } from '../src/market/terms.js';
import type { LeadDocument } from '../src/store/leads.js';
import type { BuyerWithSecret, StoredTerms } from '../src/store/market.js';
import type { Deps } from './index.js';

/**
 * Asks outside services about the lead, the last thing before buyers are: the campaign's for all contracts, each
 * contract's own for itself, side by side, the same question once. Contracts whose lead does not pass are excluded.
 */
export async function planChecks(
  { send }: Deps,
  { campaign, seller }: StoredTerms,
  plan: Plan<BuyerWithSecret>,
  lead: LeadDocument,
): Promise<Plan<BuyerWithSecret>> {
  const asked = new Map<string, Promise<CheckResult>>();
  const ask = (check: Check): Promise<CheckResult> => {
    const key = JSON.stringify(check);
    const answer =
      asked.get(key) ?? askCheck(send, check, { leadId: lead._id, fields: lead.fields }, seller.secret);
    asked.set(key, answer);
    return answer;
  };
  const open: ReadyContract<BuyerWithSecret>[] = [];
  const excluded = [...plan.excluded];
  await Promise.all(
    plan.open.map(async (ready) => {
      const checks = [...(campaign.checks ?? []), ...(ready.contract.checks ?? [])];
      const failed = (await Promise.all(checks.map(ask))).find(({ passes }) => !passes);
      if (failed === undefined) open.push(ready);
      else excluded.push({ reason: 'filtered', detail: failed.detail, buyers: ready.buyer.id });
    }),
  );
  return { ...plan, open: plan.open.filter((ready) => open.includes(ready)), excluded };
}
