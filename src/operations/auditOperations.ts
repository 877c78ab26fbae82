import Type from 'typebox';
import { listAudit } from '../store/audit.js';
import type { AuditDocument } from '../store/documents.js';
import { dateOf, Limit, DateOrTime, ObjectId } from './inputs.js';
import { operation } from './operation.js';

const optional = Type.Optional;

export const ChangedValues = Type.Array(
  Type.Object({ path: Type.String(), from: optional(Type.String()), to: optional(Type.String()) }),
  { description: 'Changed values by path; without `from` for a new value, without `to` for a removed one' },
);

const Listed = Type.Object({
  audit_id: Type.String(),
  at: Type.String(),
  who: Type.String({
    description:
      'The name of the admin key; for commands, user and machine; for messages sent in Temporal, its name of the sender',
  }),
  via: Type.Enum(['api', 'cli', 'temporal'], { type: 'string' }),
  key_id: optional(Type.String({ description: 'The admin key' })),
  kind: Type.String({ description: 'The kind of the changed object: contract, lead, key, …' }),
  id: Type.String({ description: 'The id of the changed object' }),
  did: Type.String(),
  changes: ChangedValues,
});
export type AuditEntryView = Type.Static<typeof Listed>;

export const showAudit = operation({
  id: 'listAudit',
  summary: 'List audit entries, newest first: actor, time, and old and new values',
  tag: 'Audit',
  route: 'GET /admin/audit',
  scope: 'audit:read',
  input: {
    since: optional(DateOrTime('Start of the period')),
    of: optional(ObjectId('Only entries about the object with this id (a lead, contract, key, …)')),
    before: optional(
      Type.String({ title: 'an audit_id', maxLength: 64, description: 'Only older entries than this one' }),
    ),
    limit: optional(Limit),
  },
  output: Type.Object(
    { entries: Type.Array(Listed), more: Type.Boolean({ description: 'Whether there are older entries' }) },
    { $id: 'Audit', title: 'Audit entries' },
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
