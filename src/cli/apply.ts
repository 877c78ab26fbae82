import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import { Command } from 'commander';
import { readOutboundRules, urlRefusal } from '../buyers/outboundRules.js';
import { pickSettings } from '../config.js';
import { byPosition, faultText, type Fault } from '../market/file/fault.js';
import { parseMarket } from '../market/file/parseMarket.js';
import { applyMarket, unmetByStore, type Applied } from '../store/apply.js';
import { ensureIndexes, type Database } from '../store/db.js';
import { CommandFailed } from './commandFailed.js';
import { describeChanges } from './describeChanges.js';
import { print, printJson } from './print.js';
import { useDatabase } from './useDatabase.js';

interface Options {
  prune: boolean;
  dryRun: boolean;
  json: boolean;
}

/** `gavel apply FILE` */
export function applyCommand(): Command {
  return new Command('apply')
    .description('make the store match a market file, all of it or, on any fault, nothing')
    .argument('<file>', 'the market file; - reads it from standard input')
    .option('--prune', 'remove contracts and deactivate campaigns that the file does not name', false)
    .option('--dry-run', 'tell what would change, and change nothing', false)
    .option('--json', 'print the changes or faults as JSON', false)
    .action(apply);
}

async function apply(file: string, { prune, dryRun, json }: Options): Promise<void> {
  const text = await read(file);
  const applied = await applyText(text, { prune, dryRun });
  if ('faults' in applied) {
    if (json) printJson({ file, faults: applied.faults });
    throw new CommandFailed(json ? refusal(file, applied) : faultsText(file, applied));
  }
  if (json) printJson({ file, dry_run: dryRun, changes: applied.changes });
  else print(describeChanges(applied.changes, { dryRun }));
}

type Outcome = Applied | { faults: Fault[]; unchecked: string };

async function applyText(text: string, options: { prune: boolean; dryRun: boolean }): Promise<Outcome> {
  const rules = readOutboundRules(pickSettings(['OUTBOUND_ALLOW', 'OUTBOUND_HTTP']));
  const parsed = parseMarket(text, (url) => urlRefusal(rules, url));
  if ('market' in parsed) {
    return useDatabase(async (database) => {
      if (!options.dryRun) await ensureIndexes(database);
      return applyMarket(database, parsed.market, options);
    });
  }
  const { faults, assumptions } = parsed;
  try {
    const unmet = await useDatabase((database: Database) => unmetByStore(database, assumptions));
    return { faults: [...faults, ...unmet].sort(byPosition) };
  } catch (error) {
    // The file's own faults need no database to be told.
    return { faults, unchecked: error instanceof Error ? error.message : 'unknown error' };
  }
}

function faultsText(file: string, outcome: { faults: Fault[]; unchecked?: string }): string {
  const faults = outcome.faults.map((fault) => faultText(file, fault));
  return [...faults, '', refusal(file, outcome)].join('\n');
}

function refusal(file: string, { faults, unchecked }: { faults: Fault[]; unchecked?: string }): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const note =
    unchecked === undefined ? '' : `\nSellers and buyers of the store could not be looked up: ${unchecked}`;
  return `${file} has ${count}; nothing was changed.${note}`;
}

async function read(file: string): Promise<string> {
  try {
    return file === '-' ? await allOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(error);
    throw new CommandFailed(`${file} can't be read: ${why}.`);
  }
}
