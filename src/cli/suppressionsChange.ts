import { Command } from 'commander';
import { showProgress } from '../local/showProgress.js';
import type { Match } from '../market/duplicates.js';
import type { Database } from '../store/db.js';
import { matchOf } from '../store/match.js';
import {
  addSuppressions,
  EVERY_SELLER,
  removeSuppressions,
  withdrawSuppressed,
} from '../store/suppressions.js';
import { CommandFailed } from './commandFailed.js';
import { readPersons } from './personList.js';
import { print, printJson } from './print.js';
import { sellerNamed } from '../api/admin/named.js';
import { usePersons } from './useDatabase.js';

interface Options {
  seller?: string;
  all: boolean;
  json: boolean;
}

const command = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .argument('<file>', 'a phone number or e-mail address a line, or CSV; - reads standard input')
    .option('--seller <code|slug>', 'of this seller')
    .option('--all', 'of every seller', false)
    .option('--json', 'print the outcome as JSON', false);

/** `gavel suppressions import FILE` */
export const importCommand = (): Command =>
  command('import', 'never sell leads of these persons; those that wait are withdrawn').action(importList);

/** `gavel suppressions remove FILE` */
export const removeCommand = (): Command =>
  command('remove', 'leads of these persons may be sold again').action(removeList);

async function importList(file: string, options: Options): Promise<void> {
  let withdrawn = 0;
  const outcome = await change(file, options, async (database, scope, matches) => {
    const added = await addSuppressions(database, scope, matches);
    withdrawn += await withdrawSuppressed(database, scope, matches);
    return added;
  });
  const { changed, read, bad } = outcome;
  if (options.json) printJson({ added: changed, present: read - changed, withdrawn_leads: withdrawn, bad });
  else
    print(
      `${changed} added, ${read - changed} were there before; ${withdrawn} waiting leads of theirs were withdrawn.`,
    );
  refuse(file, bad, options.json);
}

async function removeList(file: string, options: Options): Promise<void> {
  const { changed, read, bad } = await change(file, options, removeSuppressions);
  if (options.json) printJson({ removed: changed, absent: read - changed, bad });
  else print(`${changed} removed, ${read - changed} were not there.`);
  refuse(file, bad, options.json);
}

/** So many at once: a round trip for each, and no more in memory. */
const BATCH = 5000;

interface Outcome {
  /** Phone numbers and e-mail addresses that were read. */
  read: number;
  changed: number;
  bad: { line: number; problem: string }[];
}

async function change(
  file: string,
  { seller, all }: Options,
  apply: (database: Database, scope: string, matches: Match[]) => Promise<number>,
): Promise<Outcome> {
  if ((seller === undefined) !== all) throw new CommandFailed('Say whose list: --seller CODE, or --all.');
  const shown = showProgress();
  const outcome: Outcome = { read: 0, changed: 0, bad: [] };
  try {
    await usePersons(async (database) => {
      const scope = seller === undefined ? EVERY_SELLER : (await sellerNamed(database, seller)).code;
      for await (const matches of matchesOf(database, file, outcome.bad)) {
        outcome.changed += await apply(database, scope, matches);
        outcome.read += matches.length;
        shown.progress(`${outcome.read} read`);
      }
    });
    return outcome;
  } finally {
    shown.done();
  }
}

/** The list in batches; what can't be read goes to `bad`. */
async function* matchesOf(database: Database, file: string, bad: Outcome['bad']): AsyncGenerator<Match[]> {
  let matches: Match[] = [];
  for await (const { line, ...entry } of readPersons(file)) {
    if ('problem' in entry) bad.push({ line, problem: entry.problem });
    else matches.push(await matchOf(database, entry.person));
    if (matches.length < BATCH) continue;
    yield matches;
    matches = [];
  }
  if (matches.length > 0) yield matches;
}

const SHOWN = 20;

/** @throws CommandFailed naming the lines that were not taken */
function refuse(file: string, bad: Outcome['bad'], json: boolean): void {
  if (bad.length === 0) return;
  const lines = json ? [] : bad.slice(0, SHOWN).map(({ line, problem }) => `${file}:${line}  ${problem}`);
  const more = !json && bad.length > SHOWN ? [`and ${bad.length - SHOWN} more`] : [];
  const refusal = `${bad.length === 1 ? '1 entry was' : `${bad.length} entries were`} left out; all others were taken.`;
  throw new CommandFailed([...lines, ...more, refusal].join('\n'));
}
