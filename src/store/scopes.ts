/** What an admin key may be allowed to do, each with what it opens. */
export const SCOPES = {
  'market:read': 'read the market file, plan a change of it (a dry run), list campaigns and contracts',
  'market:write':
    'apply a market file, pause and resume; send sellers test postbacks, and buyers test pings and posts',
  'simulations:read':
    'decide past auctions again, noted in the audit; a change of filters on what persons wrote needs persons:read too',
  'leads:read': 'list, find and read leads, persons masked; the suppression lists in figures',
  'leads:write':
    'withdraw leads, hold their next round, decide on held posts, erase their persons, change suppression lists',
  'persons:read': 'read what a lead’s person wrote',
  'keys:read': 'list keys',
  'keys:write': 'make and revoke keys; none that lasts longer or may do more than the one that makes it',
  'secrets:read': 'read the secrets that sign what buyers and sellers are sent',
  'secrets:write': 'give buyers and sellers new ones; the answer has the new one',
  'books:read': 'buyers’ balances, statements, the check of the books',
  'books:write': 'book what buyers pay in',
  'audit:read': 'read the audit',
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];
