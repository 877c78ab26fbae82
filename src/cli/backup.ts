import type { Command } from 'commander';
import { isStandIn } from '../local/mongodb.js';
import { showProgress } from '../local/showProgress.js';
import { moment } from '../market/moment.js';
import {
  backup,
  BackupError,
  noteBackup,
  readErasures,
  removeOldBackups,
  restore,
  type Manifest,
} from '../store/backup.js';
import { noteDeed } from '../store/audit.js';
import type { Database } from '../store/db.js';
import { localCommand } from './admin.js';
import { duration } from './arguments.js';
import { cliActor } from './actor.js';
import { CommandFailed } from './commandFailed.js';
import { print, printError, printJson } from './print.js';
import { readText } from './readText.js';
import { useDatabase } from './useDatabase.js';

const WHERE =
  'Run it on a machine that reaches the database, with MONGODB_URL set; docs/backup.md tells how.';

/** `gavel backup DIR` */
export function backupCommand(): Command {
  return localCommand('backup', `every lead is in a backup, and no key opens that from afar. ${WHERE}`)
    .description('write the whole database into a new folder; persons stay encrypted')
    .argument('<dir>', 'the folder, which is made')
    .option('--keep <duration>', 'then remove backups beside it that are older, such as 14d', duration)
    .option('--json', 'print the manifest as JSON', false)
    .action(backUp);
}

const STAND_IN =
  'The local stack’s stand-in for MongoDB keeps no moment: what was written while the backup ran may be in it in part. Send no leads while it runs.';

async function backUp(dir: string, { keep, json }: { keep?: number; json: boolean }): Promise<void> {
  const { manifest, isOfOneMoment } = await working(async (database, tell) => {
    const made = await backup(database, dir, tell);
    await noteBackup(database, made).catch((error: unknown) => {
      printError(
        `The backup is complete, but its time could not be stored (${error instanceof Error ? error.message : 'unknown'}), ` +
          'so gavel_backup_age_seconds does not count it. Give the database user the rights of deploy/mongodb/users.js.',
      );
    });
    return { manifest: made, isOfOneMoment: !(await isStandIn(database.db)) };
  });
  const removed = keep === undefined ? [] : await removeOldBackups(dir, keep);
  if (json) printJson(manifest);
  else
    print(
      [
        `${summary(manifest)} are in ${dir}, as of ${moment(new Date(manifest.at))}.`,
        isOfOneMoment ? 'It has nothing that was written after that.' : STAND_IN,
        keys(manifest),
        ...(removed.length > 0 ? [`Older backups were removed: ${removed.join(', ')}.`] : []),
      ].join('\n'),
    );
}

/** `gavel restore DIR` */
export function restoreCommand(): Command {
  return localCommand(
    'restore',
    `it replaces the whole database, keys and audit included, and no key opens that from afar. ${WHERE}`,
  )
    .description('put a backup into an empty database; end every API and worker before')
    .argument('<dir>', 'the folder that backup made')
    .option('--replace', 'drop what the database has', false)
    .option('--erasures <file>', 'erase again who was erased since: the output of leads erasures --json')
    .option('--json', 'print the manifest as JSON', false)
    .action(restoreFrom);
}

interface RestoreOptions {
  replace: boolean;
  erasures?: string;
  json: boolean;
}

async function restoreFrom(dir: string, { replace, erasures: file, json }: RestoreOptions): Promise<void> {
  const { manifest, erased } = await working(async (database, tell) => {
    const erasures = file === undefined ? [] : readErasures(file, await readText(file));
    const restored = await restore(database, dir, { replace, erasures }, tell);
    const values = [
      { path: 'as_of', to: restored.manifest.at },
      { path: 'erased_again', to: String(restored.erased) },
    ];
    const of = { kind: 'database', id: database.db.databaseName } as const;
    await noteDeed(database, cliActor(), { ...of, did: 'restored from a backup', values });
    return restored;
  });
  if (json) printJson({ ...manifest, erased_again: erased });
  else
    print(
      [
        `${summary(manifest)} were restored, as of ${manifest.at}.`,
        keys(manifest),
        erasedAgain(erased, file !== undefined),
        'Workers go on with the leads that wait.',
      ].join('\n'),
    );
}

function erasedAgain(erased: number, hasList: boolean): string {
  if (erased > 0) return `The persons of ${erased} leads, erased since, were erased again.`;
  return hasList
    ? 'The backup has no person of a lead on the list of erasures: nothing was to be erased again.'
    : 'Persons who were erased since then are in it again, unless a list says who they are: --erasures FILE (docs/backup.md).';
}

async function working<T>(
  work: (database: Database, tell: (text: string) => void) => Promise<T>,
): Promise<T> {
  const shown = showProgress();
  try {
    return await useDatabase((database) => work(database, shown.progress));
  } catch (error) {
    throw error instanceof BackupError ? new CommandFailed(error.message) : error;
  } finally {
    shown.done();
  }
}

function summary({ collections }: Manifest): string {
  const documents = collections.reduce((sum, each) => sum + each.documents, 0);
  return `${documents} documents of ${collections.length} collections`;
}

const keys = ({ masterKeys }: Manifest): string =>
  masterKeys.length === 0
    ? 'No person is in it.'
    : `Its persons can be read with the master key ${masterKeys.map((id) => `"${id}"`).join(' and ')}, which is not in it.`;
