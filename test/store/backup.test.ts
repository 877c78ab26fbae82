import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoServerError } from 'mongodb';
import { afterAll, expect, test } from 'vitest';
import { backup, BackupError } from '../../src/store/backup.js';
import type { Database } from '../../src/store/db.js';

const folder = mkdtempSync(join(tmpdir(), 'gavel-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A database that has one collection, and whose cursor ends so after its first document. */
function failingAfterOne(error: Error): Database {
  const cursor = async function* () {
    yield Buffer.from('one');
    await Promise.reject(error);
  };
  const db = {
    databaseName: 'gavel',
    listCollections: () => ({ toArray: () => Promise.resolve([{ name: 'leads' }]) }),
    collection: () => ({ find: cursor }),
  };
  const client = { withSession: (_options: unknown, work: (session: unknown) => Promise<void>) => work({}) };
  return { db, client } as unknown as Database;
}

test('A backup that takes longer than the database keeps its moment says which setting to raise', async () => {
  const tooOld = new MongoServerError({ message: 'Read timestamp is older than the oldest', code: 239 });
  const made = backup(failingAfterOne(tooOld), join(folder, 'late'), () => undefined);
  await expect(made).rejects.toThrow(BackupError);
  await expect(made).rejects.toThrow(/minSnapshotHistoryWindowInSeconds.*docs\/backup\.md/s);
});

test('A backup that fails otherwise tells what the database said', async () => {
  const other = new MongoServerError({ message: 'not authorized', code: 13 });
  await expect(backup(failingAfterOne(other), join(folder, 'other'), () => undefined)).rejects.toBe(other);
});
