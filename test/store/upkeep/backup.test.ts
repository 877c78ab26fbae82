import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoServerError } from 'mongodb';
import { afterAll, expect, test } from 'vitest';
import { backup, BackupError } from '../../../src/store/upkeep/backup.js';
import type { Database } from '../../../src/store/db.js';

const folder = mkdtempSync(join(tmpdir(), 'gavel-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A database with one collection whose cursor fails after its first document. */
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

test('A backup that outlasts the database’s snapshot names the setting to raise', async () => {
  const tooOld = new MongoServerError({ message: 'Read timestamp is older than the oldest', code: 239 });
  const made = backup(failingAfterOne(tooOld), join(folder, 'late'), () => undefined);
  await expect(made).rejects.toThrow(BackupError);
  await expect(made).rejects.toThrow(/minSnapshotHistoryWindowInSeconds.*docs\/backup\.md/s);
});

test('Any other failure of a backup shows the database’s error', async () => {
  const other = new MongoServerError({ message: 'not authorized', code: 13 });
  await expect(backup(failingAfterOne(other), join(folder, 'other'), () => undefined)).rejects.toBe(other);
});
