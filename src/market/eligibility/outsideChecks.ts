import type { CompiledContract } from './compileCampaign.js';
import type { Plan } from './plan.js';
import type { Buyer, Campaign, Check } from '../model/market.js';

/** Whether a lead passes an outside check; `detail` is for ops and holds nothing of the lead. */
export type CheckResult = { passes: boolean; detail: string };

/** The checks that a lead must pass to be offered under a contract: the campaign's, then its own. */
export const checksOf = ({ checks = [] }: Campaign, { contract }: CompiledContract): Check[] => [
  ...checks,
  ...(contract.checks ?? []),
];

export function afterChecks<B extends Buyer>(
  plan: Plan<B>,
  campaign: Campaign,
  resultOf: (check: Check) => CheckResult | undefined,
): Plan<B> {
  const failures = plan.open.map((ready) =>
    checksOf(campaign, ready)
      .map(resultOf)
      .find((result) => result?.passes === false),
  );
  return {
    ...plan,
    open: plan.open.filter((_, i) => failures[i] === undefined),
    excluded: [
      ...plan.excluded,
      ...plan.open.flatMap(({ buyer }, i) => {
        const failed = failures[i];
        return failed ? [{ reason: 'filtered' as const, detail: failed.detail, buyers: buyer.id }] : [];
      }),
    ],
  };
}
