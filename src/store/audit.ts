import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import type { Actor } from '../market/model/actor.js';
import type { Database } from './db.js';
import { duplicateKeyOf } from './transaction.js';
import type { AuditDocument, AuditedValue, AuditEvent } from './documents.js';

export type { Actor } from '../market/model/actor.js';

/** What a change leaves in the audit. */
export const auditDocument = (by: Actor, deed: AuditEvent): AuditDocument => ({
  _id: v7(),
  at: new Date(),
  ...by,
  ...deed,
});

/** The same as a part of the transaction that makes the change. */
export const auditWrites = ({ db }: Database, by: Actor, deeds: AuditEvent[]) =>
  deeds.map((deed) => ({
    name: 'insertOne' as const,
    namespace: `${db.databaseName}.audit`,
    document: auditDocument(by, deed),
  }));

/** Notes what was done elsewhere than in one transaction of the database. */
export async function recordAuditEvent({ audit }: Database, by: Actor, deed: AuditEvent): Promise<void> {
  await audit.insertOne(auditDocument(by, deed));
}

/** Notes an update of a workflow, once, however often it is tried. */
export async function recordUpdate(
  { audit }: Pick<Database, 'audit'>,
  by: Actor,
  deed: AuditEvent,
  { updateId, at }: { updateId: string; at: Date },
): Promise<void> {
  const random = createHash('sha256').update(`${deed.id}/${updateId}`).digest().subarray(0, 16);
  const _id = v7({ msecs: at.getTime(), random });
  await audit.insertOne({ _id, at, ...by, ...deed }).catch((error: unknown) => {
    if (duplicateKeyOf(error) === undefined) throw error;
  });
}

/** Which deeds; what is absent says nothing. */
export interface AuditQuery {
  since?: Date;
  /** The id of the thing that it was done to. */
  of?: string;
  /** The page after this deed. */
  before?: string;
}

/** The newest first. */
export async function listAudit(
  { audit }: Database,
  { since, of, before }: AuditQuery,
  limit: number,
): Promise<AuditDocument[]> {
  return audit
    .find({
      ...(since && { at: { $gte: since } }),
      ...(of !== undefined && { id: of }),
      ...(before !== undefined && { _id: { $lt: before } }),
    })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}

/** Two states of something, each value under its path, as what differs between them. */
export function changedValues(
  was: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): AuditedValue[] {
  const paths = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return paths
    .filter((path) => was[path] !== now[path])
    .map((path) => ({ path, from: was[path], to: now[path] }));
}

/** A list of many thousand values is cut there: a document holds 16 MiB at the most. */
const LONGEST_VALUE = 10_000;

/**
 * Values as the audit may keep them. Addresses of buyers and sellers may carry tokens in their query: that there is one
 * is all that is kept of it.
 */
export const redactedValues = (values: AuditedValue[]): AuditedValue[] =>
  values.map(({ path, from, to }) => ({ path, from: from && cut(from), to: to && cut(to) }));

function cut(text: string): string {
  const open = text.replace(/(https?:\/\/[^\s?#,\]]*)[?#][^\s,\]]*/g, '$1?…');
  if (open.length <= LONGEST_VALUE) return open;
  return `${open.slice(0, LONGEST_VALUE)}… (${open.length} characters)`;
}
