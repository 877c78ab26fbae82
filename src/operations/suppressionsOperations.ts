import Type from 'typebox';
import type { PersonHashes } from '../market/limits/duplicates.js';
import { recordAuditEvent } from '../store/audit.js';
import {
  addSuppressions,
  buyerOfScope,
  buyerScope,
  EVERY_SELLER,
  hashesOf,
  removeSuppressions,
  suppressionLists,
  withdrawSuppressed,
} from '../store/persons/suppressions.js';
import type { Database } from '../store/db.js';
import { matchesOnLists } from '../store/persons/matchKeys.js';
import { ApiError } from './refusal.js';
import { BuyerName, Contact, Flag, SellerName } from './inputs.js';
import { findBuyerByName, findSellerByName } from './findByName.js';
import { operation, type OperationContext } from './operation.js';
import { matchOfContact } from './personInput.js';

const optional = Type.Optional;
const tag = 'Suppressions';
const Count = Type.Integer({ minimum: 0 });

const Listed = Type.Object({
  seller: optional(Type.String({ description: 'Whose it is; without seller and buyer, every seller’s' })),
  buyer: optional(Type.String({ description: 'The buyer that gave it' })),
  phones: Count,
  emails: Count,
  changed_at: Type.String(),
});

export const showSuppressions = operation({
  id: 'listSuppressions',
  summary: 'The lists in figures; who is on them can’t be read, only their hashes are kept',
  tag,
  method: 'GET',
  path: '/admin/suppressions',
  scope: 'leads:read',
  input: Type.Object({}, { title: 'the request' }),
  output: Type.Object({ lists: Type.Array(Listed) }, { $id: 'SuppressionLists', title: 'Suppression lists' }),
  async run({ database }) {
    const lists = await suppressionLists(database);
    return {
      lists: lists.map(({ scope, phones, emails, changedAt }) => ({
        seller: scope === EVERY_SELLER || buyerOfScope(scope) !== undefined ? undefined : scope,
        buyer: buyerOfScope(scope),
        phones,
        emails,
        changed_at: changedAt.toISOString(),
      })),
    };
  },
});

/** So many persons by one request. */
export const MAX_SUPPRESSED = 5000;

const Persons = Type.Object(
  {
    seller: optional(SellerName),
    all: optional(Flag('The list of every seller')),
    buyer: optional(BuyerName),
    persons: Type.Array(
      Type.Object(
        { phone: optional(Contact('A phone number')), email: optional(Contact('An e-mail address')) },
        { title: 'a person' },
      ),
      { title: 'a list of persons', minItems: 1, maxItems: MAX_SUPPRESSED },
    ),
  },
  { title: 'the request' },
);

const shared = { tag, method: 'POST', scope: 'leads:write', input: Persons } as const;
const LONGEST_LIST = 2 * 1024 * 1024;

export const suppress = operation({
  ...shared,
  id: 'addSuppressions',
  summary: 'Never sell leads of these persons; those that wait are withdrawn',
  path: '/admin/suppressions/add',
  maxBodyBytes: LONGEST_LIST,
  output: Type.Object(
    {
      added: Count,
      present: Count,
      withdrawn_leads: Count,
      withdrawing_leads: Type.Integer({
        minimum: 0,
        description: 'A buyer holds these; each ends as withdrawn unless that buyer takes it',
      }),
    },
    { $id: 'SuppressionsAdded', title: 'What was added' },
  ),
  failures: ['notFound'],
  async run(context, asked) {
    const { database } = context;
    const { scope, matches } = await read(context, asked);
    const added = await addSuppressions(database, scope, matches);
    const leads = await withdrawSuppressed(database, scope, matches);
    const counts = { added, withdrawn_leads: leads.withdrawn, withdrawing_leads: leads.withdrawing };
    await note(context, scope, 'added to', counts);
    return { ...counts, present: contactsOf(matches) - added };
  },
});

export const unsuppress = operation({
  ...shared,
  id: 'removeSuppressions',
  summary: 'Leads of these persons may be sold again',
  path: '/admin/suppressions/remove',
  maxBodyBytes: LONGEST_LIST,
  output: Type.Object(
    { removed: Count, absent: Count },
    { $id: 'SuppressionsRemoved', title: 'What was removed' },
  ),
  failures: ['notFound'],
  async run(context, asked) {
    const { scope, matches } = await read(context, asked);
    const onLists = await Promise.all(
      asked.persons.map((person) => matchesOnLists(context.database, person)),
    );
    const removed = await removeSuppressions(context.database, scope, onLists.flat());
    await note(context, scope, 'removed from', { removed });
    return { removed, absent: Math.max(0, contactsOf(matches) - removed) };
  },
});

/** Phone numbers and e-mail addresses; a person may have both. */
const contactsOf = (matches: PersonHashes[]): number => matches.flatMap(hashesOf).length;

async function read(
  { database }: OperationContext,
  { persons, ...whose }: Type.Static<typeof Persons>,
): Promise<{ scope: string; matches: PersonHashes[] }> {
  const scope = await scopeOf(database, whose);
  const matches: PersonHashes[] = [];
  for (const [i, person] of persons.entries())
    matches.push(await matchOfContact(database, person, `persons[${i}].`));
  return { scope, matches };
}

async function scopeOf(
  database: Database,
  { seller, buyer, all = false }: Omit<Type.Static<typeof Persons>, 'persons'>,
): Promise<string> {
  if ([seller !== undefined, buyer !== undefined, all].filter((given) => given).length !== 1)
    throw new ApiError('invalidField', 'Say whose list: seller, buyer, or all for every seller’s.');
  if (seller !== undefined) return (await findSellerByName(database, seller)).code;
  return buyer === undefined ? EVERY_SELLER : buyerScope((await findBuyerByName(database, buyer)).id);
}

async function note(
  { database, by }: OperationContext,
  scope: string,
  did: string,
  counts: Record<string, number>,
): Promise<void> {
  const values = Object.entries(counts).map(([path, count]) => ({ path, to: String(count) }));
  await recordAuditEvent(database, by, { kind: 'suppressions', id: scope, did, values });
}
