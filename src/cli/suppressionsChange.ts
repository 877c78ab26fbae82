import type { Command } from 'commander';
import { MOST_SUPPRESSED, suppress, unsuppress } from '../api/admin/suppressions.js';
import { showProgress } from '../local/showProgress.js';
import { adminCommand, useAdmin, type Ask } from './admin.js';
import type { Contact } from '../market/personKeys.js';
import { CommandFailed } from './commandFailed.js';
import { readPersons } from './personList.js';
import { print, printJson } from './print.js';

interface Options {
  seller?: string;
  all: boolean;
  json: boolean;
}

const command = (name: string, description: string): Command =>
  adminCommand(name)
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

async function importList(file: string, options: Options, command: Command): Promise<void> {
  const sum = { added: 0, present: 0, withdrawn_leads: 0, withdrawing_leads: 0 };
  const bad = await change(file, options, command, async (ask, list) => {
    const done = await ask(suppress, list);
    sum.added += done.added;
    sum.present += done.present;
    sum.withdrawn_leads += done.withdrawn_leads;
    sum.withdrawing_leads += done.withdrawing_leads;
  });
  if (options.json) printJson({ ...sum, bad });
  else {
    const withdrawing =
      sum.withdrawing_leads === 0
        ? ''
        : `, and ${sum.withdrawing_leads} will be unless the buyer that holds it now takes it`;
    print(
      `${sum.added} added, ${sum.present} were there before; ${sum.withdrawn_leads} waiting leads of theirs were withdrawn${withdrawing}.`,
    );
  }
  refuse(file, bad, options.json);
}

async function removeList(file: string, options: Options, command: Command): Promise<void> {
  const sum = { removed: 0, absent: 0 };
  const bad = await change(file, options, command, async (ask, list) => {
    const done = await ask(unsuppress, list);
    sum.removed += done.removed;
    sum.absent += done.absent;
  });
  if (options.json) printJson({ ...sum, bad });
  else print(`${sum.removed} removed, ${sum.absent} were not there.`);
  refuse(file, bad, options.json);
}

/** An entry of the list that was not taken. */
interface Bad {
  line: number;
  problem: string;
}

/** Part of a list, and whose list it is. */
interface Part {
  seller?: string;
  all: boolean;
  persons: Contact[];
}

/** Does something with the list, part by part; returns what of it can't be read. */
async function change(
  file: string,
  { seller, all }: Options,
  command: Command,
  work: (ask: Ask, list: Part) => Promise<void>,
): Promise<Bad[]> {
  if ((seller === undefined) !== all) throw new CommandFailed('Say whose list: --seller CODE, or --all.');
  const shown = showProgress();
  const bad: Bad[] = [];
  let read = 0;
  try {
    await useAdmin(
      command,
      async (ask) => {
        for await (const persons of parts(file, bad)) {
          await work(ask, { seller, all, persons });
          read += persons.length;
          shown.progress(`${read} read`);
        }
      },
      { persons: true },
    );
    return bad;
  } finally {
    shown.done();
  }
}

/** The list in parts as large as one request takes; what can't be read goes to `bad`. */
async function* parts(file: string, bad: Bad[]): AsyncGenerator<Contact[]> {
  let persons: Contact[] = [];
  for await (const { line, ...entry } of readPersons(file)) {
    if ('problem' in entry) bad.push({ line, problem: entry.problem });
    else persons.push(entry.person);
    if (persons.length < MOST_SUPPRESSED) continue;
    yield persons;
    persons = [];
  }
  if (persons.length > 0) yield persons;
}

const SHOWN = 20;

/** @throws CommandFailed naming the lines that were not taken */
function refuse(file: string, bad: Bad[], json: boolean): void {
  if (bad.length === 0) return;
  const lines = json ? [] : bad.slice(0, SHOWN).map(({ line, problem }) => `${file}:${line}  ${problem}`);
  const more = !json && bad.length > SHOWN ? [`and ${bad.length - SHOWN} more`] : [];
  const refusal = `${bad.length === 1 ? '1 entry was' : `${bad.length} entries were`} left out; all others were taken.`;
  throw new CommandFailed([...lines, ...more, refusal].join('\n'));
}
