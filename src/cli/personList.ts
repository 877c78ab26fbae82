import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { parse, CsvError, type InfoRecord } from 'csv-parse';
import { contactFault } from '../api/admin/person.js';
import type { Contact } from '../market/personKeys.js';
import { CommandFailed } from './commandFailed.js';

/** One phone number or e-mail address of a list, or what is wrong with the line. */
export type ListedPerson = { line: number } & ({ person: Contact } | { problem: string });

type Kind = 'phone' | 'email';

/** The names that the columns of such lists have, without anything but letters. */
const COLUMNS: Readonly<Record<string, Kind>> = {
  phone: 'phone',
  phonenumber: 'phone',
  telephone: 'phone',
  mobile: 'phone',
  email: 'email',
  emailaddress: 'email',
};

/**
 * Reads a list of persons: one phone number or e-mail address a line, or CSV (with commas, semicolons or tabs). Where
 * the first line names columns, only those of phones and e-mails are read; else every cell is.
 * @param file its path; `-` is standard input
 * @throws CommandFailed where it can't be read
 */
export async function* readPersons(file: string): AsyncGenerator<ListedPerson> {
  const csv = parse({
    bom: true,
    info: true,
    delimiter: [',', ';', '\t'],
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 10_000,
  });
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  source.on('error', (error) => csv.destroy(error));
  let columns: (Kind | undefined)[] | undefined;
  try {
    for await (const { record, info } of source.pipe(csv) as AsyncIterable<Row>) {
      const isFirst = columns === undefined;
      columns ??= record.map((cell) => COLUMNS[cell.toLowerCase().replace(/[^a-z]/g, '')]);
      const isNamed = columns.some((kind) => kind !== undefined);
      if (isFirst && isNamed) continue;
      yield* personsOf(record, isNamed ? columns : undefined, info.lines);
    }
  } catch (error) {
    throw explained(file, error);
  }
}

interface Row {
  record: string[];
  info: Pick<InfoRecord, 'lines'>;
}

function* personsOf(
  cells: string[],
  columns: (Kind | undefined)[] | undefined,
  line: number,
): Generator<ListedPerson> {
  const kindOf = (cell: string): Kind => (cell.includes('@') ? 'email' : 'phone');
  const given = cells.flatMap((cell, i) => {
    const kind = columns ? columns[i] : kindOf(cell);
    return kind === undefined || cell === '' ? [] : [{ kind, cell }];
  });
  if (given.length === 0) yield { line, problem: 'neither a phone number nor an e-mail address' };
  for (const { kind, cell } of given) {
    const person = { [kind]: cell };
    const fault = contactFault(person);
    yield fault ? { line, problem: fault.problem } : { line, person };
  }
}

function explained(file: string, error: unknown): unknown {
  if (error instanceof CsvError) return new CommandFailed(`${file} is no CSV file: ${error.message}.`);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return new CommandFailed(`${file} can't be read: there is no such file.`);
  if (code === 'EISDIR') return new CommandFailed(`${file} can't be read: it is a folder.`);
  return error;
}
