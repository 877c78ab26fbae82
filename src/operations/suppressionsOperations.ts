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
import { invalidField } from './operationError.js';
import { BuyerName, Contact, Flag, SellerName } from './inputs.js';
import { findBuyerByName, findSellerByName } from './findByName.js';
import { operation, type OperationContext } from './operation.js';
import { matchOfContact } from './personInput.js';

const optional = Type.Optional;
const tag = 'Suppressions';
const Count = Type.Integer({ minimum: 0 });

const Listed = Type.Object({
  seller: optional(
    Type.String({ description: 'The owner; without seller and buyer it is the list of all sellers' }),
  ),
  buyer: optional(Type.String({ description: 'The owner, if it is a buyer' })),
  phones: Count,
  emails: Count,
  changed_at: Type.String(),
});

export const showSuppressions = operation({
  id: 'listSuppressions',
  summary: 'List suppression lists with their counts; entries can’t be read, since only hashes are stored',
  tag,
  route: 'GET /admin/suppressions',
  scope: 'leads:read',
  input: {},
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

export const MAX_SUPPRESSED = 5000;

const Persons = Type.Object({
  seller: optional(SellerName),
  all: optional(Flag('The list of all sellers')),
  buyer: optional(BuyerName),
  persons: Type.Array(
    Type.Object(
      { phone: optional(Contact('A phone number')), email: optional(Contact('An e-mail address')) },
      { title: 'a person' },
    ),
    { title: 'a list of persons', minItems: 1, maxItems: MAX_SUPPRESSED },
  ),
});

const shared = { tag, scope: 'leads:write', input: Persons.properties } as const;
const MAX_LIST_BYTES = 2 * 1024 * 1024;

export const suppress = operation({
  ...shared,
  id: 'addSuppressions',
  summary: 'Add persons to a suppression list. Their leads are never sold, and pending ones are withdrawn',
  route: 'POST /admin/suppressions/add',
  maxBodyBytes: MAX_LIST_BYTES,
  output: Type.Object(
    {
      added: Count,
      present: Count,
      withdrawn_leads: Count,
      withdrawing_leads: Type.Integer({
        minimum: 0,
        description: 'Leads that a buyer has claimed; each becomes withdrawn unless that buyer accepts it',
      }),
    },
    { $id: 'SuppressionsAdded', title: 'Counts of added persons' },
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
  summary: 'Remove persons from a suppression list, so that their leads can be sold',
  route: 'POST /admin/suppressions/remove',
  maxBodyBytes: MAX_LIST_BYTES,
  output: Type.Object(
    { removed: Count, absent: Count },
    { $id: 'SuppressionsRemoved', title: 'Counts of removed persons' },
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
    throw invalidField('Name exactly one list: `seller`, `buyer`, or `all` for all sellers.');
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
