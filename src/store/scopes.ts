/** The scopes of an admin key, each with the operations that it allows. */
export const SCOPES = {
  'market:read':
    'read the market file, plan changes (dry run), list campaigns and contracts, try mappings of sources, list the names of secrets',
  'market:write':
    'apply a market file, pause and resume; send test postbacks to sellers, and test pings and posts to buyers',
  'simulations:read':
    'simulate past auctions, recorded in the audit log; a change of filters on personal fields also needs persons:read',
  'leads:read':
    'list, find and read leads with personal data masked; list failed requests of sources; the sizes of suppression lists',
  'leads:write':
    'withdraw leads, run their next round, decide on held posts, take failed requests of sources again, erase personal data, change suppression lists',
  'persons:read': 'read a lead’s personal data, or a failed request of a source',
  'keys:read': 'list keys',
  'keys:write':
    'create and revoke keys; a new key can’t last longer or have more scopes than the creating key',
  'secrets:read': 'read the secrets that sign messages to buyers and sellers',
  'secrets:write': 'rotate these secrets (the answer has the new one); set and remove named ones',
  'books:read': 'read buyers’ balances and statements, check the ledger',
  'books:write': 'book buyers’ payments',
  'audit:read': 'read the audit log',
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];
