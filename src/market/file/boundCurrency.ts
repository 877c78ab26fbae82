/** Why a currency can't change, and what to do instead. */
const BINDING = {
  sales:
    'the campaign has sales; sell in the new currency under another category, and set this campaign to active: false',
  'open leads':
    'the campaign has open leads; withdraw them or wait until they have ended, or sell in the new currency under another category',
  'posts under way': 'posts are under way; apply the file again when they are settled',
  payments: 'the buyer has paid in; give the new balance to a buyer with another id',
  balance: 'the buyer has a balance; give the new balance to a buyer with another id',
} as const;

/** A currency that can't be changed, and the reason. */
export interface BoundCurrency {
  currency: string;
  by: keyof typeof BINDING;
}

/** Campaigns and buyers whose currency can't be changed. */
export type Bound = Record<'campaigns' | 'buyers', ReadonlyMap<string, BoundCurrency>>;

export const unchangeable = ({ currency, by }: BoundCurrency, wanted: string): string =>
  `can't change from ${currency} to ${wanted}: ${BINDING[by]}`;
