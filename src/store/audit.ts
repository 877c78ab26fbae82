import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import type { Actor } from '../market/model/actor.js';
import type { Database } from './db.js';
import { duplicateKeyOf } from './transaction.js';
import type { AuditDocument, AuditedValue, AuditEvent } from './documents.js';

export type { Actor } from '../market/model/actor.js';

export const auditDocument = (by: Actor, event: AuditEvent): AuditDocument => ({
  _id: v7(),
  at: new Date(),
  ...by,
  ...event,
});

/** The same as writes, for the transaction that makes the change. */
export const auditWrites = ({ db }: Database, by: Actor, events: AuditEvent[]) =>
  events.map((event) => ({
    name: 'insertOne' as const,
    namespace: `${db.databaseName}.audit`,
    document: auditDocument(by, event),
  }));

/** Records an event outside of a transaction. */
export async function recordAuditEvent({ audit }: Database, by: Actor, event: AuditEvent): Promise<void> {
  await audit.insertOne(auditDocument(by, event));
}

/** Records an update of a workflow once, regardless of retries. */
export async function recordUpdate(
  { audit }: Pick<Database, 'audit'>,
  by: Actor,
  event: AuditEvent,
  { updateId, at }: { updateId: string; at: Date },
): Promise<void> {
  const random = createHash('sha256').update(`${event.id}/${updateId}`).digest().subarray(0, 16);
  const _id = v7({ msecs: at.getTime(), random });
  await audit.insertOne({ _id, at, ...by, ...event }).catch((error: unknown) => {
    if (duplicateKeyOf(error) === undefined) throw error;
  });
}

/**
 * Entries, newest first. An absent filter matches all.
 * @param which `of`: the id of the object; `before`: only older entries than this one, for paging
 */
export async function listAudit(
  { audit }: Database,
  { since, of, before }: { since?: Date; of?: string; before?: string },
  limit: number,
): Promise<AuditDocument[]> {
  return audit
    .find({
      at: since && { $gte: since },
      id: of,
      _id: before === undefined ? undefined : { $lt: before },
    })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}

/** The values that differ between two states of an object, by path. */
export function changedValues(
  was: Readonly<Record<string, string | undefined>>,
  now: Readonly<Record<string, string | undefined>>,
): AuditedValue[] {
  const paths = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return paths
    .filter((path) => was[path] !== now[path])
    .map((path) => ({ path, from: was[path], to: now[path] }));
}

/** Longer values, such as lists with thousands of entries, are cut: a document has a maximum of 16 MiB. */
const LONGEST_VALUE = 10_000;

/**
 * Values without secrets. Addresses of buyers and sellers may carry tokens in their query, so only the presence of a
 * query is kept.
 */
export const redactedValues = (values: AuditedValue[]): AuditedValue[] =>
  values.map(({ path, from, to }) => ({ path, from: from && cut(from), to: to && cut(to) }));

function cut(text: string): string {
  const open = text.replace(/(https?:\/\/[^\s?#,\]]*)[?#][^\s,\]]*/g, '$1?…');
  if (open.length <= LONGEST_VALUE) return open;
  return `${open.slice(0, LONGEST_VALUE)}… (${open.length} characters)`;
}
