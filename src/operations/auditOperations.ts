import Type from 'typebox';
import { listAudit } from '../store/audit.js';
import type { AuditDocument } from '../store/documents.js';
import { dateOf, Limit, DateOrTime } from './inputs.js';
import { operation } from './operation.js';

const optional = Type.Optional;

const Listed = Type.Object({
  audit_id: Type.String(),
  at: Type.String(),
  who: Type.String({
    description:
      'The name of the admin key; of a command, the user and machine; of what was sent in Temporal, the sender as Temporal knows it',
  }),
  via: Type.Enum(['api', 'cli', 'temporal'], { type: 'string' }),
  key_id: optional(Type.String({ description: 'The admin key' })),
  kind: Type.String({ description: 'What it was done to: contract, lead, key, …' }),
  id: Type.String({ description: 'Which one' }),
  did: Type.String(),
  changes: Type.Array(
    Type.Object({ path: Type.String(), from: optional(Type.String()), to: optional(Type.String()) }),
    { description: 'Each value by its path; without from or to where there was or is none' },
  ),
});
export type AuditEntryView = Type.Static<typeof Listed>;

export const showAudit = operation({
  id: 'listAudit',
  summary: 'What was changed, by whom, when, and from what to what, the newest first',
  tag: 'Audit',
  method: 'GET',
  path: '/admin/audit',
  scope: 'audit:read',
  input: Type.Object(
    {
      since: optional(DateOrTime('Done since')),
      of: optional(
        Type.String({
          title: 'an id',
          examples: ['ACME1234/auto-insurance/northwind'],
          maxLength: 300,
          description: 'Only what was done to the lead, contract, key, … of this id',
        }),
      ),
      before: optional(
        Type.String({ title: 'an audit_id', maxLength: 64, description: 'Only older ones than this' }),
      ),
      limit: optional(Limit),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    { entries: Type.Array(Listed), more: Type.Boolean({ description: 'Whether there are older ones' }) },
    { $id: 'Audit', title: 'What was changed' },
  ),
  async run({ database }, { since, of, before, limit = 50 }) {
    const from = since === undefined ? undefined : dateOf(since);
    const found = await listAudit(database, { since: from, of, before }, limit + 1);
    return { entries: found.slice(0, limit).map(view), more: found.length > limit };
  },
});

const view = ({ _id, at, who, via, key, kind, id, did, values }: AuditDocument): AuditEntryView => ({
  audit_id: _id,
  at: at.toISOString(),
  who,
  via,
  key_id: key,
  kind,
  id,
  did,
  changes: values,
});
