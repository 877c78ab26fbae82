/*
 * The sandbox: ZIP codes that force an outcome or an error for leads of test keys, so that a source's developer sees
 * each of them. No place has such a code: US ZIP codes start at 00501 (Holtsville, New York; 00503 is not assigned). Nothing is sent to
 * a buyer.
 */

/** An outcome that the lead's rounds come to. */
export type SandboxOutcome =
  | 'sold'
  | 'sold_later'
  | 'no_bid'
  | 'below_floor'
  | 'no_buyer_eligible'
  | 'duplicate'
  | 'refused'
  | 'uncertain'
  | 'expired'
  | 'suppressed';

/** An error of the Lead API; nothing is stored. */
export type SandboxError =
  | 'invalidField'
  | 'missingField'
  | 'noCampaign'
  | 'inProgress'
  | 'keyReused'
  | 'rateLimited'
  | 'internal'
  | 'unavailable';

export type SandboxCase = { about: string } & ({ outcome: SandboxOutcome } | { error: SandboxError });

/** By ZIP code, with what the source sees: the status, the reason when it asks later, and why. */
export const SANDBOX: Readonly<Record<string, SandboxCase>> = {
  '00001': { outcome: 'sold', about: '`sold` within the call' },
  '00002': {
    outcome: 'sold_later',
    about: '`pending`, and `sold` some seconds later: the buyer answers late',
  },
  '00003': { outcome: 'no_bid', about: '`pending`, `no_bid`: buyers were asked, and none bids' },
  '00004': {
    outcome: 'below_floor',
    about: '`pending`, `below_floor`: all bids are below the minimum price',
  },
  '00005': {
    outcome: 'no_buyer_eligible',
    about: '`pending`, `no_buyer_eligible`: no buyer takes this kind of lead',
  },
  '00006': {
    outcome: 'duplicate',
    about: '`pending`, `no_buyer_eligible`: every buyer had the person before',
  },
  '00007': { outcome: 'refused', about: '`pending`, `refused`: the winning buyer refuses the lead' },
  '00008': {
    outcome: 'uncertain',
    about: '`pending`, `uncertain`: the winning buyer gives no clear answer',
  },
  '00009': { outcome: 'expired', about: '`pending`, and `expired` a moment later' },
  '00010': { outcome: 'suppressed', about: '`withdrawn`: the person is on a suppression list' },
  '00400': { error: 'invalidField', about: '`Invalid field`' },
  '00402': { error: 'missingField', about: '`Missing required field`' },
  '00404': { error: 'noCampaign', about: '`No matching campaign`' },
  '00409': { error: 'inProgress', about: '`Request in progress`, with `Retry-After`' },
  '00422': { error: 'keyReused', about: '`Idempotency key reused`' },
  '00429': { error: 'rateLimited', about: '`Rate limit exceeded`, with `Retry-After`' },
  '00500': { error: 'internal', about: '`Internal error`' },
  '00503': { error: 'unavailable', about: '`Service unavailable`, with `Retry-After`' },
};

/**
 * What the sandbox does with a lead; undefined for all live leads, and for ZIP codes that are not reserved.
 * @param zip as it was read
 */
export function sandboxCase({ test, zip }: { test: boolean; zip: unknown }): SandboxCase | undefined {
  const [, five = ''] = /^(\d{5})(?:-\d{4})?$/.exec(test && typeof zip === 'string' ? zip : '') ?? [];
  return Object.hasOwn(SANDBOX, five) ? SANDBOX[five] : undefined;
}
