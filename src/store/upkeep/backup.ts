import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BSON, MongoServerError, type ClientSession, type Document } from 'mongodb';
import Type from 'typebox';
import Value from 'typebox/value';
import type { Database } from '../db.js';
import { ensureIndexes } from './indexes.js';
import { listErasures, repeatErasures, type ErasedLead } from '../persons/erasures.js';

/** The description of a backup. It is written last: a folder without it is not a complete backup. */
const Manifest = Type.Object({
  format: Type.Literal('gavel-1'),
  database: Type.String(),
  /** ISO 8601, the time of its snapshot. */
  at: Type.String(),
  /** Ids of the master keys that its persons are under. */
  masterKeys: Type.Array(Type.String()),
  collections: Type.Array(
    Type.Object({
      name: Type.String({ pattern: '^[A-Za-z0-9_-]+$' }),
      documents: Type.Integer({ minimum: 0 }),
      /** Of the gzipped file, in hex. */
      sha256: Type.String(),
    }),
  ),
});

export type Manifest = Type.Static<typeof Manifest>;

/** A backup can't be made or restored; the message says why. */
export class BackupError extends Error {
  override name = 'BackupError';
}

type Tell = (text: string) => void;

/** MongoDB's `SnapshotTooOld`: it no longer keeps the snapshot that the backup reads. */
const SNAPSHOT_TOO_OLD = 239;

/** The error of a failed backup; with a remedy if there is one. */
const inWords = (error: unknown): unknown =>
  error instanceof MongoServerError && error.code === SNAPSHOT_TOO_OLD
    ? new BackupError(
        'The backup took longer than MongoDB keeps a snapshot, and is not complete. ' +
          'Raise minSnapshotHistoryWindowInSeconds of MongoDB (300 unless set) above the time that a backup takes, ' +
          'and run it again with a new folder; see docs/backup.md.',
        { cause: error },
      )
    : error;

const MANIFEST = 'manifest.json';
const fileOf = (dir: string, collection: string): string => join(dir, `${collection}.bson.gz`);

/**
 * Writes every collection of one snapshot into a new folder: documents in BSON one after another, gzipped, as mongodump
 * does, so that mongorestore can read them too. Persons stay encrypted, and no master key is in it.
 * @throws BackupError if the folder is not empty, or the database does not keep the snapshot long enough; what was written
 *   is removed
 */
export async function backup(database: Database, dir: string, tell: Tell): Promise<Manifest> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if ((await readdir(dir)).length > 0) throw new BackupError(`${dir} is not empty; name a new folder.`);
  const { client, db } = database;
  const at = new Date().toISOString();
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
  const collections: Manifest['collections'] = [];
  const dumpAll = async (session: ClientSession): Promise<void> => {
    for (const name of names.filter((each) => !each.startsWith('system.'))) {
      tell(name);
      collections.push({ name, ...(await dump(database, name, fileOf(dir, name), session)) });
    }
  };
  await client.withSession({ snapshot: true }, dumpAll).catch(async (error: unknown) => {
    await Promise.all(names.map((name) => rm(fileOf(dir, name), { force: true })));
    throw inWords(error);
  });
  const manifest: Manifest = {
    format: 'gavel-1',
    database: db.databaseName,
    at,
    masterKeys: await masterKeysOf(database),
    collections,
  };
  await writeFile(join(dir, MANIFEST), JSON.stringify(manifest, null, 2), { mode: 0o600, flush: true });
  return manifest;
}

/** Notes a complete backup in the database. */
export async function noteBackup(database: Database, { at, collections }: Manifest): Promise<void> {
  const documents = collections.reduce((sum, each) => sum + each.documents, 0);
  const $set = { at: new Date(at), completedAt: new Date(), documents };
  await database.backups.updateOne({ _id: 'last' }, { $set }, { upsert: true });
}

/** The time of the last complete backup's snapshot; undefined: none is known. */
export async function lastBackup(database: Database): Promise<Date | undefined> {
  return (await database.backups.findOne({ _id: 'last' }))?.at;
}

/** An incomplete backup of this age is no longer being written. */
const INCOMPLETE_MS = 24 * 60 * 60 * 1000;

/** The number of documents and of leads. Leads are kept permanently, so neither shrinks unless data was lost. */
const sizesOf = ({ collections }: Manifest): [documents: number, leads: number] => [
  collections.reduce((sum, each) => sum + each.documents, 0),
  collections.find(({ name }) => name === 'leads')?.documents ?? 0,
];

/**
 * A complete backup beside a new one that has more than twice as many documents or leads: the database has probably lost
 * data, and the older backups still have it.
 */
export async function findLargerBackup(
  dir: string,
  manifest: Manifest,
): Promise<{ name: string; documents: number; leads: number } | undefined> {
  const parent = dirname(resolve(dir));
  const own = sizesOf(manifest);
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    const path = join(parent, entry.name);
    if (!entry.isDirectory() || path === resolve(dir)) continue;
    const other = await readManifest(path).catch(() => undefined);
    if (other === undefined) continue;
    const [documents, leads] = sizesOf(other);
    if (documents > 2 * own[0] || leads > 2 * own[1]) return { name: entry.name, documents, leads };
  }
  return undefined;
}

/**
 * Removes old backups beside a new one: complete ones older than `keepMs`, and incomplete ones older than a day. Any
 * other folder or file stays.
 * @returns the names of the folders that were removed
 */
export async function removeOldBackups(dir: string, keepMs: number): Promise<string[]> {
  const parent = dirname(resolve(dir));
  const removed: string[] = [];
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    const path = join(parent, entry.name);
    if (!entry.isDirectory() || path === resolve(dir) || !(await isOld(path, keepMs))) continue;
    await rm(path, { recursive: true });
    removed.push(entry.name);
  }
  return removed.sort();
}

async function isOld(dir: string, keepMs: number): Promise<boolean> {
  const files = await readdir(dir);
  if (files.includes(MANIFEST)) {
    const manifest = await readManifest(dir).catch(() => undefined);
    return manifest !== undefined && Date.now() - Date.parse(manifest.at) > keepMs;
  }
  const isBackup = files.length > 0 && files.every((name) => name.endsWith('.bson.gz'));
  return isBackup && Date.now() - (await stat(dir)).mtimeMs > INCOMPLETE_MS;
}

async function masterKeysOf({ leads, payloads, secrets, sellers, buyers }: Database): Promise<string[]> {
  const by = (path: string): Document[] => [
    { $match: { [path]: { $exists: true } } },
    { $group: { _id: `$${path}` } },
  ];
  const found = await Promise.all([
    leads.aggregate<{ _id: string }>(by('person.key.masterKey')).toArray(),
    secrets.aggregate<{ _id: string }>(by('key.masterKey')).toArray(),
    payloads.aggregate<{ _id: string }>(by('sealed.key.masterKey')).toArray(),
    ...[sellers, buyers].flatMap((signed) => [
      signed.aggregate<{ _id: string }>(by('signing.current.masterKey')).toArray(),
      signed
        .aggregate<{ _id: string }>([
          { $unwind: '$signing.previous' },
          ...by('signing.previous.secret.masterKey'),
        ])
        .toArray(),
    ]),
  ]);
  return [...new Set(found.flat().map(({ _id }) => _id))].sort();
}

async function dump(
  { db }: Database,
  name: string,
  file: string,
  session: ClientSession,
): Promise<{ documents: number; sha256: string }> {
  const cursor = db.collection(name).find({}, { session, raw: true });
  const hash = createHash('sha256');
  let documents = 0;
  await pipeline(
    async function* () {
      for await (const document of cursor) {
        documents++;
        yield document;
      }
    },
    createGzip(),
    hashing(hash),
    createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
  );
  return { documents, sha256: hash.digest('hex') };
}

/** Passes all chunks on, and updates the hash. */
const hashing = (hash: Hash) =>
  async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };

export interface RestoreOptions {
  /** Drops what the database has before; its erasures since the backup are repeated. */
  replace: boolean;
  /** Further erasures since the backup, as `gavel leads erasures --json` writes them. */
  erasures?: readonly ErasedLead[];
}

export interface Restored {
  manifest: Manifest;
  /** How many leads' persons were erased again. */
  erased: number;
  /** The lists of erasures that were found in the backup's folder and beside it. */
  lists: string[];
}

/**
 * Restores a backup into an empty database, with its indexes, and repeats the erasures since. Reads lists of erasures
 * in the backup's folder and beside it (deploy/backup/backup.sh writes that one). Nothing is written before all files
 * are checked.
 * @throws BackupError if the backup is incomplete, or the database is not empty
 */
export async function restore(
  database: Database,
  dir: string,
  { replace, erasures = [] }: RestoreOptions,
  tell: Tell,
): Promise<Restored> {
  const manifest = await readManifest(dir);
  for (const collection of manifest.collections) {
    tell(`checking ${collection.name}`);
    await check(dir, collection);
  }
  if (replace) await keepErasures(database, dir, manifest);
  const lists = await findLists(dir);
  const known = [...erasures, ...lists.flatMap((list) => list.erasures)];
  await makeRoom(database, replace);
  for (const { name, documents } of manifest.collections) {
    tell(name);
    const restored = await load(database, name, fileOf(dir, name));
    if (restored !== documents)
      throw new BackupError(`${name} has ${restored} documents, and the manifest says ${documents}.`);
  }
  await ensureIndexes(database);
  tell('erasures');
  return { manifest, erased: await repeatErasures(database, known), lists: lists.map(({ path }) => path) };
}

/** In a backup: the erasures of a database that `restore` replaced. Beside backups: the erasures that backup.sh collects. */
const ERASURES = 'erasures.jsonl';

/** Clocks differ; erasures that the backup has already are skipped. */
const MARGIN_MS = 24 * 60 * 60 * 1000;

/**
 * Stores the erasures since the backup before the database that has them is dropped: a restore that was interrupted finds
 * them when it is run again.
 */
async function keepErasures(database: Database, dir: string, { at }: Manifest): Promise<void> {
  const since = new Date(Date.parse(at) - MARGIN_MS);
  const found = await listErasures(database, since);
  if (found.length === 0) return;
  const path = join(dir, ERASURES);
  try {
    await appendFile(path, found.map(erasureLine).join(''), { mode: 0o600, flush: true });
  } catch (cause) {
    throw new BackupError(
      `${path} can't be written. The ${found.length} erasures of the database must be stored there before it is dropped; copy the backup to a folder that can be written.`,
      { cause },
    );
  }
}

async function findLists(dir: string): Promise<{ path: string; erasures: ErasedLead[] }[]> {
  const paths = [join(dir, ERASURES), join(dirname(resolve(dir)), ERASURES)];
  const lists = await Promise.all(
    paths.map(async (path) => {
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
        throw new BackupError(
          `${path} can't be read. It lists the persons to erase again; make it readable.`,
          {
            cause,
          },
        );
      });
      return text === undefined ? [] : [{ path, erasures: readErasures(path, text) }];
    }),
  );
  return lists.flat();
}

/**
 * The erasures of a file: one JSON object a line, as `gavel leads erasures --json` writes them, or what `gavel leads erase --json`
 * prints.
 * @throws BackupError naming the line that is not an erasure
 */
export function readErasures(path: string, text: string): ErasedLead[] {
  const lines = text.split('\n').map((line, i) => ({ line: i + 1, text: line.trim() }));
  const whole = jsonOf(text);
  if (Value.Check(Printed, whole)) return whole.leads.flatMap(erasedLead);
  return lines
    .filter((line) => line.text !== '')
    .flatMap((line) => {
      const value = jsonOf(line.text);
      if (Value.Check(Line, value)) return erasedLead(value);
      throw new BackupError(
        `${path}:${line.line} is not an erasure as \`gavel leads erasures --json\` writes it.`,
      );
    });
}

const Line = Type.Object({
  lead_id: Type.String({ minLength: 1 }),
  /** Absent for a lead that was not erased: its post was unsettled. */
  erased_at: Type.Optional(Type.String({ format: 'date-time' })),
  by: Type.Optional(Type.String()),
  sha256: Type.Optional(Type.String()),
});

const Printed = Type.Object({ leads: Type.Array(Line) });

function erasedLead({ lead_id, erased_at, by = 'unknown', sha256 }: Type.Static<typeof Line>): ErasedLead[] {
  return erased_at === undefined ? [] : [{ lead: lead_id, at: new Date(erased_at), by, sha256 }];
}

export const erasureLine = ({ lead, at, by, sha256 }: ErasedLead): string =>
  `${JSON.stringify({ lead_id: lead, erased_at: at.toISOString(), by, sha256 })}\n`;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readManifest(dir: string): Promise<Manifest> {
  const path = join(dir, MANIFEST);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new BackupError(`${dir} is not a complete backup: it has no ${MANIFEST}.`);
  });
  try {
    return Value.Parse(Manifest, JSON.parse(text));
  } catch {
    throw new BackupError(`${path} is not the manifest of a backup that this version can read.`);
  }
}

async function check(dir: string, { name, sha256 }: Manifest['collections'][number]): Promise<void> {
  const file = fileOf(dir, name);
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (cause) {
    throw new BackupError(`${file} can't be read.`, { cause });
  }
  if (hash.digest('hex') !== sha256)
    throw new BackupError(`${file} is damaged: it is not what was written when the backup was made.`);
}

/** Indexes alone are not data: each process creates them when it starts. */
async function makeRoom({ db }: Database, replace: boolean): Promise<void> {
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (name.startsWith('system.')) continue;
    const has = (await db.collection(name).findOne({}, { projection: { _id: 1 } })) !== null;
    if (has && !replace && name !== 'backups')
      throw new BackupError(
        `The database ${db.databaseName} is not empty (${name}); --replace drops what it has. Stop every API and worker first, and back up what is there.`,
      );
    await db.collection(name).drop();
  }
}

/** Documents per insert. */
const BATCH = 1000;

async function load({ db }: Database, name: string, file: string): Promise<number> {
  const collection = await db.createCollection(name);
  let restored = 0;
  let batch: Document[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await collection.insertMany(batch);
    restored += batch.length;
    batch = [];
  };
  for await (const document of documentsOf(file)) {
    batch.push(document);
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return restored;
}

/** Every value keeps the type that it was stored with. */
const EXACT = { promoteValues: false, promoteLongs: false, bsonRegExp: true };

async function* documentsOf(file: string): AsyncGenerator<Document> {
  let rest: Buffer = Buffer.alloc(0);
  const gunzip = createGunzip();
  createReadStream(file)
    .on('error', (error) => gunzip.destroy(error))
    .pipe(gunzip);
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    // A document begins with its length (https://bsonspec.org/spec.html).
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      yield BSON.deserialize(rest.subarray(0, length), EXACT);
      rest = rest.subarray(length);
    }
  }
}
