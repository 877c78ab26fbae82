import type { Command } from 'commander';
import { isStandIn } from '../../local/servers/localMongodb.js';
import { withProgress } from '../../terminal/showProgress.js';
import { formatUtc } from '../../market/calendar/isoTime.js';
import {
  backup,
  BackupError,
  findLargerBackup,
  noteBackup,
  readErasures,
  removeOldBackups,
  restore,
  type Manifest,
} from '../../store/upkeep/backup.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { localCommand } from '../useAdmin.js';
import { parseDurationMs } from '../argumentParsers.js';
import { cliActor } from '../../terminal/currentUser.js';
import { CommandFailed } from '../../terminal/commandFailed.js';
import { print, printError, printJson } from '../../terminal/print.js';
import { readText } from '../../terminal/readText.js';
import { useDatabase } from '../../terminal/useDatabase.js';

const WHERE = 'Run it on a machine that reaches the database, with MONGODB_URL set; see docs/backup.md.';

export function backupCommand(): Command {
  return localCommand('backup', `a backup has every lead, and no key gives remote access to that. ${WHERE}`)
    .description('back up the whole database into a new folder; persons stay encrypted')
    .argument('<dir>', 'the folder to create')
    .option('--keep <duration>', 'then remove backups beside it that are older, such as 14d', parseDurationMs)
    .option(
      '--allow-smaller',
      'remove them even if one has more than twice as many documents or leads',
      false,
    )
    .option('--json', 'print the manifest as JSON', false)
    .action(backUp);
}

const STAND_IN =
  'The local stack’s stand-in for MongoDB has no snapshots: a part of what was written while the backup ran may be in it. Send no leads while it runs.';

async function backUp(
  dir: string,
  { keep, allowSmaller, json }: { keep?: number; allowSmaller: boolean; json: boolean },
): Promise<void> {
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
  const removed = keep === undefined ? [] : await prune(dir, manifest, { keep, allowSmaller });
  if (json) printJson(manifest);
  else
    print(
      [
        `${summary(manifest)} are in ${dir}, as of ${formatUtc(new Date(manifest.at))}.`,
        isOfOneMoment ? 'It has nothing that was written after that.' : STAND_IN,
        keys(manifest),
        ...(removed.length > 0 ? [`Older backups were removed: ${removed.join(', ')}.`] : []),
      ].join('\n'),
    );
}

async function prune(
  dir: string,
  manifest: Manifest,
  { keep, allowSmaller }: { keep: number; allowSmaller: boolean },
): Promise<string[]> {
  const larger = allowSmaller ? undefined : await findLargerBackup(dir, manifest);
  if (larger === undefined) return removeOldBackups(dir, keep);
  printError(
    `No older backup was removed: ${larger.name} has ${larger.documents} documents, ${larger.leads} of them leads, and this ` +
      'one has less than half of one or the other. Check that the database has lost nothing. If it is right, run ' +
      '`gavel backup` again with --allow-smaller.',
  );
  return [];
}

export function restoreCommand(): Command {
  return localCommand(
    'restore',
    `it replaces the whole database, keys and audit included, and no key gives remote access to that. ${WHERE}`,
  )
    .description('restore a backup into an empty database; stop every API and worker first')
    .argument('<dir>', 'a folder that backup created')
    .option('--replace', 'drop what the database has', false)
    .option(
      '--erasures <file>',
      'erase again the persons on this list (the output of leads erasures --json), beside those of erasures.jsonl in the folder and beside it',
    )
    .option('--json', 'print the manifest as JSON', false)
    .action(restoreFrom);
}

async function restoreFrom(
  dir: string,
  { replace, erasures: file, json }: { replace: boolean; erasures?: string; json: boolean },
): Promise<void> {
  const { manifest, erased, lists } = await working(async (database, tell) => {
    const erasures = file === undefined ? [] : readErasures(file, await readText(file));
    const restored = await restore(database, dir, { replace, erasures }, tell);
    const values = [
      { path: 'as_of', to: restored.manifest.at },
      { path: 'erased_again', to: String(restored.erased) },
    ];
    const of = { kind: 'database', id: database.db.databaseName } as const;
    await recordAuditEvent(database, cliActor(), { ...of, did: 'restored from a backup', values });
    return restored;
  });
  const read = file === undefined ? lists : [file, ...lists];
  if (json) printJson({ ...manifest, erased_again: erased, erasures_from: read });
  else
    print(
      [
        `${summary(manifest)} were restored, as of ${manifest.at}.`,
        keys(manifest),
        erasedAgain(erased, read),
        'Workers continue with the leads that wait.',
      ].join('\n'),
    );
}

function erasedAgain(erased: number, lists: string[]): string {
  if (lists.length === 0)
    return 'No list of erasures was found: persons erased since then are in the database again. If you have a list, restore again with --replace --erasures FILE (docs/backup.md).';
  const from = `Erasures were read from ${lists.join(' and ')}`;
  if (erased === 0) return `${from}: none of these persons is in the backup.`;
  return `${from}: ${erased === 1 ? 'the person of 1 lead was' : `the persons of ${erased} leads were`} erased again.`;
}

async function working<T>(
  work: (database: Database, tell: (text: string) => void) => Promise<T>,
): Promise<T> {
  try {
    return await withProgress((progress) => useDatabase((database) => work(database, progress)));
  } catch (error) {
    throw error instanceof BackupError ? new CommandFailed(error.message) : error;
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
