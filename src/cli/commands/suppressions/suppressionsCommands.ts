import { Command } from 'commander';
import {
  showSuppressions,
  MAX_SUPPRESSED,
  suppress,
  unsuppress,
} from '../../../operations/suppressionsOperations.js';
import { formatUtc } from '../../../market/calendar/isoTime.js';
import { adminCommand, useAdmin } from '../../useAdmin.js';
import { print, printJson, table, printError } from '../../../terminal/print.js';
import { withProgress } from '../../../terminal/showProgress.js';
import type { ColumnRole } from '../../../market/intake/contactColumns.js';
import type { Contact } from '../../../market/fields/personKeys.js';
import type { CallOperation } from '../../callOperation.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { openContactFile, type ContactFile } from './contactFile.js';

export function suppressionsCommand(): Command {
  return new Command('suppressions')
    .description('manage lists of persons whose leads must not be sold, or not to a buyer')
    .addCommand(importCommand())
    .addCommand(
      adminCommand('list')
        .description(
          'list suppression lists with their sizes; persons can’t be shown, only their hashes are stored',
        )
        .option('--json', 'print the lists as JSON', false)
        .action(list),
    )
    .addCommand(removeCommand());
}

async function list({ json }: { json: boolean }, command: Command): Promise<void> {
  const { lists } = await useAdmin(command, (call) => call(showSuppressions, {}));
  if (json) printJson({ lists });
  else if (lists.length === 0)
    print('There is no list yet. Create one with `gavel suppressions import FILE --seller CODE`.');
  else {
    const rows = lists.map(({ seller, buyer, phones, emails, changed_at }) => [
      buyer === undefined ? (seller ?? 'every seller') : `buyer ${buyer}`,
      String(phones),
      String(emails),
      formatUtc(Date.parse(changed_at)),
    ]);
    print(table(['list of', 'phones', 'e-mails', 'last added'], rows));
  }
}

interface Whose {
  seller?: string;
  buyer?: string;
  all: boolean;
}

interface Options extends Whose {
  dryRun: boolean;
  json: boolean;
}

const command = (name: string, description: string): Command =>
  adminCommand(name)
    .description(description)
    .argument('<file>', 'a phone number or e-mail address a line, or CSV; - reads standard input')
    .option('--seller <code|slug>', 'the list of this seller')
    .option('--all', 'the list of every seller', false)
    .option('--buyer <id>', 'the list of this buyer: its contracts are not offered leads of these persons')
    .option('--dry-run', 'show how the file is read, and change nothing', false)
    .option('--json', 'print the outcome as JSON', false);

const importCommand = (): Command =>
  command(
    'import',
    'put persons on a list: their leads are never sold, and waiting ones are withdrawn',
  ).action(importList);

const removeCommand = (): Command =>
  command('remove', 'take persons off a list: their leads may be sold again').action(removeList);

async function importList(file: string, options: Options, command: Command): Promise<void> {
  const sum = { added: 0, present: 0, withdrawn_leads: 0, withdrawing_leads: 0 };
  const read = await change(file, options, command, async (call, part) => {
    const done = await call(suppress, part);
    sum.added += done.added;
    sum.present += done.present;
    sum.withdrawn_leads += done.withdrawn_leads;
    sum.withdrawing_leads += done.withdrawing_leads;
  });
  if (options.json) printJson({ ...sum, ...jsonOf(read) });
  refuseUnreadable(read, options);
  if (!options.json && !options.dryRun) {
    const withdrawing =
      sum.withdrawing_leads === 0
        ? ''
        : `, and ${sum.withdrawing_leads} will be unless the buyer that has it now accepts it`;
    print(
      `${sum.added} added, ${sum.present} were on the list already; ${leadsOf(sum.withdrawn_leads)} withdrawn${withdrawing}.`,
    );
  }
  report(read, options);
}

async function removeList(file: string, options: Options, command: Command): Promise<void> {
  const sum = { removed: 0, absent: 0 };
  const read = await change(file, options, command, async (call, part) => {
    const done = await call(unsuppress, part);
    sum.removed += done.removed;
    sum.absent += done.absent;
  });
  if (options.json) printJson({ ...sum, ...jsonOf(read) });
  refuseUnreadable(read, options);
  if (!options.json && !options.dryRun) print(`${sum.removed} removed, ${sum.absent} were not on the list.`);
  report(read, options);
}

const leadsOf = (count: number): string =>
  count === 1 ? '1 waiting lead was' : `${count} waiting leads were`;

const MOST_PROBLEMS = 1000;

interface Read {
  file: string;
  layout: ContactFile;
  phones: number;
  emails: number;
  /** Phones that match only leads with the very same digits: how many, and the lines of the first. */
  uncertain: number;
  uncertainLines: number[];
  bad: number;
  /** The first of them. */
  problems: { line: number; problem: string }[];
}

/** Reads the file and works on it part by part; a dry run only reads it. */
async function change(
  file: string,
  { seller, buyer, all, dryRun }: Options,
  command: Command,
  work: (call: CallOperation, list: Whose & { persons: Contact[] }) => Promise<void>,
): Promise<Read> {
  if ([seller !== undefined, buyer !== undefined, all].filter((given) => given).length !== 1)
    throw new CommandFailed('Say whose list: --seller CODE, --buyer ID, or --all.');
  const read: Read = {
    file,
    layout: await openContactFile(file),
    phones: 0,
    emails: 0,
    uncertain: 0,
    uncertainLines: [],
    bad: 0,
    problems: [],
  };
  await withProgress((progress) => {
    const readAll = async (call?: CallOperation): Promise<void> => {
      for await (const persons of parts(read)) {
        if (call) await work(call, { seller, buyer, all, persons });
        progress(`${read.phones + read.emails} read`);
      }
    };
    return dryRun ? readAll() : useAdmin(command, readAll, { personalData: true });
  });
  return read;
}

async function* parts(read: Read): AsyncGenerator<Contact[]> {
  let persons: Contact[] = [];
  for await (const entry of read.layout.contacts) {
    if ('problem' in entry) {
      read.bad += 1;
      const { line, problem } = entry;
      if (read.problems.length < MOST_PROBLEMS) read.problems.push({ line, problem });
      continue;
    }
    persons.push(entry.contact);
    if (entry.contact.phone === undefined) read.emails += 1;
    else read.phones += 1;
    if (!entry.isCertain) {
      read.uncertain += 1;
      if (read.uncertainLines.length < SHOWN) read.uncertainLines.push(entry.line);
    }
    if (persons.length < MAX_SUPPRESSED) continue;
    yield persons;
    persons = [];
  }
  if (persons.length > 0) yield persons;
}

const jsonOf = ({ layout, phones, emails, uncertain, uncertainLines, bad, problems }: Read) => ({
  phones,
  emails,
  uncertain,
  uncertain_lines: uncertainLines,
  bad_entries: bad,
  bad: problems,
  columns: layout.columns.map(({ name, role }, i) => ({ column: i + 1, name, read_as: role ?? null })),
});

/** @throws CommandFailed if the file has entries and none can be read */
function refuseUnreadable(read: Read, { json }: Options): void {
  const { file, phones, emails, bad } = read;
  if (bad === 0 || phones + emails > 0) return;
  const refusal = `No entry of ${file} can be read; nothing was changed.`;
  throw new CommandFailed([...(json ? [] : problemLines(read)), refusal].join('\n'));
}

function report(read: Read, { dryRun, json }: Options): void {
  const { layout, uncertain, bad } = read;
  if (dryRun && !json) print(preview(read));
  if (!dryRun && !json) {
    const unread = layout.columns.flatMap((column, i) =>
      column.role === undefined ? [nameOf(column, i)] : [],
    );
    if (unread.length > 0) print(`Not read: ${unread.join(', ')}.`);
    if (uncertain > 0) print(uncertainText(read));
  }
  if (bad === 0 || dryRun || json) return;
  const leftOut = `${bad === 1 ? '1 entry' : `${bad} entries`} can’t be read and ${bad === 1 ? 'was' : 'were'} left out; all others were taken.`;
  printError([...problemLines(read), leftOut].join('\n'));
}

const SHOWN = 20;

function problemLines({ file, problems, bad }: Read): string[] {
  const lines = problems.slice(0, SHOWN).map(({ line, problem }) => `${file}:${line}  ${problem}`);
  return bad > SHOWN ? [...lines, `and ${bad - SHOWN} more`] : lines;
}

const ROLES: Record<ColumnRole, string> = {
  phone: 'phone numbers',
  email: 'e-mail addresses',
  either: 'phone numbers and e-mail addresses',
  areaCode: 'area codes',
  localNumber: 'phone numbers without their area codes',
};

const DELIMITERS: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

const nameOf = ({ name }: { name?: string }, i: number): string =>
  name === undefined ? `column ${i + 1}` : `"${name}"`;

function preview(read: Read): string {
  const { file, layout, phones, emails, uncertain, bad } = read;
  const { encoding, delimiter, headerLine, columns } = layout;
  const separated =
    delimiter === undefined ? 'one value a line' : `separated by ${DELIMITERS[delimiter] ?? delimiter}`;
  const named = headerLine === undefined ? 'no header' : `columns are named on line ${headerLine}`;
  const rows = columns.map((column, i) => [
    nameOf(column, i),
    column.role === undefined ? 'not read' : ROLES[column.role],
  ]);
  return [
    `${file}: ${encoding.toUpperCase()}, ${separated}, ${named}`,
    table(['column', 'read as'], rows),
    `Phone numbers: ${phones}; e-mail addresses: ${emails}`,
    ...(uncertain > 0 ? [uncertainText(read)] : []),
    ...(bad > 0
      ? [`Entries that can’t be read, which an import leaves out: ${bad}`, ...problemLines(read)]
      : []),
    'A dry run: nothing was changed.',
  ].join('\n');
}

function uncertainText({ uncertain, uncertainLines }: Read): string {
  const more = uncertain > uncertainLines.length ? ' and more' : '';
  const lines = `${uncertainLines.length === 1 ? 'line' : 'lines'} ${uncertainLines.join(', ')}${more}`;
  return `Phone numbers that are not whole: ${uncertain} (${lines}); they match only leads with the very same digits.`;
}
