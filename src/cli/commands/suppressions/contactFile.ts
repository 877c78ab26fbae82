import {
  entriesOf,
  readLayout,
  SAMPLE_ROWS,
  type Column,
  type Entry,
  type Layout,
} from '../../../market/intake/contactColumns.js';
import { CommandFailed } from '../../../terminal/commandFailed.js';
import { explainFileError, openRowFile, type Row, type RowFile } from '../../rowFile.js';

/** One phone number or e-mail address of a list, or what is wrong with the line. */
export type ListedContact = Entry & { line: number };

/** An open list: how it was understood, and its contacts as they are read. */
export interface ContactFile {
  encoding: string;
  /** Undefined if each line has one value. */
  delimiter?: string;
  columns: Column[];
  headerLine?: number;
  contacts: AsyncIterable<ListedContact>;
}

/**
 * Opens a list of persons as compliance tools and spreadsheets write them: one phone number or e-mail address a line, or
 * CSV with commas, semicolons, tabs or bars, in UTF-8 or UTF-16, with or without a header. However long it is, no more
 * than a few hundred lines are in memory.
 * @param file its path; `-` is standard input
 * @throws CommandFailed if it can't be read, or has no column with phones or e-mails
 */
export async function openContactFile(file: string): Promise<ContactFile> {
  let opened: RowFile | undefined;
  try {
    opened = await openRowFile(file);
    const { encoding, delimiter, rows } = opened;
    const sample = await take(rows, SAMPLE_ROWS);
    const { layout, columns } = readLayout(sample.map(({ record }) => record));
    if (layout === undefined) throw new CommandFailed(unusable(file, sample.length, columns));
    return {
      encoding,
      delimiter,
      columns: layout.columns,
      headerLine: sample[layout.headerRows - 1]?.info.lines,
      contacts: contactsOf(file, { rows, sample, layout }),
    };
  } catch (error) {
    opened?.close();
    throw explainFileError(file, error, 'Nothing was changed.');
  }
}

interface Opened {
  rows: AsyncIterator<Row>;
  sample: Row[];
  layout: Layout;
}

async function* contactsOf(file: string, { rows, sample, layout }: Opened): AsyncGenerator<ListedContact> {
  function* of({ record, info }: Row): Generator<ListedContact> {
    for (const entry of entriesOf(record, layout)) yield { ...entry, line: info.lines };
  }
  try {
    for (const row of sample.splice(0).slice(layout.headerRows)) yield* of(row);
    for (let next = await rows.next(); next.done !== true; next = await rows.next()) yield* of(next.value);
  } catch (error) {
    throw explainFileError(file, error, 'What came before was taken; correct the file and run this again.');
  }
}

async function take(rows: AsyncIterator<Row>, most: number): Promise<Row[]> {
  const taken: Row[] = [];
  while (taken.length < most) {
    const next = await rows.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

function unusable(file: string, rows: number, columns: readonly Column[]): string {
  if (rows === 0) return `${file} is empty; nothing was changed.`;
  const names = columns.flatMap(({ name }) => (name === undefined ? [] : [`"${name}"`]));
  const found = names.length > 0 ? `Its columns are ${names.join(', ')}. ` : '';
  return (
    `${file} has no column with phone numbers or e-mail addresses; nothing was changed. ${found}` +
    'Name the column "Phone" or "Email" in the first line, or give a file with one number or address a line.'
  );
}
