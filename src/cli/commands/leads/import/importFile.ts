import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CommandFailed } from '../../../../terminal/commandFailed.js';
import { explainFileError, openRowFile, type RowFile } from '../../../rowFile.js';
import { readColumns, type ImportColumn, type ImportTerms } from './importColumns.js';

/** A row of the file. */
export interface ImportRow {
  /** The line on which it ends. */
  line: number;
  cells: string[];
}

/** An open file: how it was understood, and its rows as they are read. */
export interface ImportFile {
  encoding: string;
  delimiter?: string;
  columns: ImportColumn[];
  rows: AsyncIterable<ImportRow>;
}

/** @throws CommandFailed if it can't be read, or its first line does not fit the terms */
export async function openImportFile(file: string, terms: ImportTerms): Promise<ImportFile> {
  let opened: RowFile | undefined;
  try {
    opened = await openRowFile(file);
    const { encoding, delimiter, rows } = opened;
    const header = await rows.next();
    if (header.done === true) throw new CommandFailed(`${file} is empty.`);
    const columns = readColumns(header.value.record, terms);
    return { encoding, delimiter, columns, rows: rowsOf(file, rows) };
  } catch (error) {
    opened?.close();
    throw explainFileError(file, error, 'Nothing was sent.');
  }
}

async function* rowsOf(file: string, rows: RowFile['rows']): AsyncGenerator<ImportRow> {
  try {
    for (let next = await rows.next(); next.done !== true; next = await rows.next())
      yield { line: next.value.info.lines, cells: next.value.record };
  } catch (error) {
    throw explainFileError(file, error, 'Correct the file and run this again.');
  }
}

/** What identifies the content of a file, and the number of its rows. All of it is read, so that a fault is found early. */
export async function examineFile(file: string, terms: ImportTerms): Promise<{ hash: string; rows: number }> {
  const { rows } = await openImportFile(file, terms);
  let count = 0;
  for await (const _row of rows) count += 1;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { hash: hash.digest('hex'), rows: count };
}
