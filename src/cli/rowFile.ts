import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { parse, CsvError, type InfoRecord, type Parser } from 'csv-parse';
import { CommandFailed } from '../terminal/commandFailed.js';

/** A line of a file, or several if a cell has line breaks. */
export interface Row {
  record: string[];
  info: Pick<InfoRecord, 'lines'>;
}

/** An open file of rows. */
export interface RowFile {
  encoding: string;
  /** Undefined if each line has one value. */
  delimiter?: string;
  rows: AsyncIterator<Row>;
  /** Closes a file that is not read to its end. */
  close(): void;
}

/** The lines from which encoding and delimiter are found. */
const SAMPLE_LINES = 200;

/**
 * Opens a file as spreadsheets and other tools write it: CSV with commas, semicolons, tabs or bars, in UTF-8 or UTF-16. It
 * is read as it is used, however long it is.
 * @param file its path; `-` is standard input
 * @throws what `explainFileError` explains
 */
export async function openRowFile(file: string): Promise<RowFile> {
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  const close = (): void => void source.destroy();
  try {
    const { encoding, delimiter, text } = await decode(source);
    return { encoding, delimiter, rows: parsed(text, delimiter)[Symbol.asyncIterator](), close };
  } catch (error) {
    close();
    throw error;
  }
}

function parsed(text: Readable, delimiter: string | undefined): AsyncIterable<Row> {
  const csv: Parser = parse({
    info: true,
    // No text has the unit separator: a line is one value then.
    delimiter: delimiter ?? '\u001F',
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
    // A quote that is never closed must not take the rest of a long file into memory.
    max_record_size: 1_000_000,
  });
  text.on('error', (error) => csv.destroy(error));
  return text.pipe(csv) as AsyncIterable<Row>;
}

/** Bytes at the start of a file that show its encoding and delimiter. */
const HEAD_BYTES = 65_536;

interface Decoded {
  encoding: string;
  delimiter: string | undefined;
  text: Readable;
}

async function decode(source: Readable): Promise<Decoded> {
  const chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head.push(Buffer.from(next.value));
    bytes += next.value.length;
  }
  const start = Buffer.concat(head);
  const encoding = encodingOf(start);
  const decoder = new TextDecoder(encoding);
  const first = decoder.decode(start, { stream: true });
  if (/^\s*(?:\{|\[\s*[{"\d])/.test(first))
    throw new NotText('it is JSON. Write one number or address a line, or CSV.');
  const { delimiter, text } = withoutSeparatorLine(first);
  async function* decoded(): AsyncGenerator<string> {
    yield text;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
      yield decoder.decode(next.value, { stream: true });
    yield decoder.decode();
  }
  return { encoding, delimiter: delimiter ?? delimiterOf(text), text: Readable.from(decoded()) };
}

/** A file is no list; the message says what it is, and what to do. */
class NotText extends Error {}

/** By its byte order mark, else by where its zero bytes are. @throws NotText */
function encodingOf(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  if (start.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004')))
    throw new NotText('it is an Excel workbook or a ZIP archive. Save the sheet as CSV, or unpack it.');
  if (start[0] === 0x1f && start[1] === 0x8b) throw new NotText('it is compressed. Unpack it: gunzip FILE');
  const bytes = [...start.subarray(0, 1000)];
  const zeros = bytes.flatMap((byte, at) => (byte === 0 ? [at] : []));
  if (zeros.length === 0) return 'utf-8';
  if (zeros.length > bytes.length / 4 && zeros.every((at) => at % 2 === 1)) return 'utf-16le';
  if (zeros.length > bytes.length / 4 && zeros.every((at) => at % 2 === 0)) return 'utf-16be';
  throw new NotText('it is not a text file. Save the list as CSV.');
}

/** Excel's `sep=;` in the first line. */
function withoutSeparatorLine(text: string): { delimiter?: string; text: string } {
  const [line = '', delimiter] = /^"?sep=(.)"?(?=\r?\n)/i.exec(text) ?? [];
  return { delimiter, text: text.slice(line.length) };
}

/** The delimiter that most lines have, and the same number of times; undefined if a line is one value. */
function delimiterOf(text: string): string | undefined {
  const lines = text
    .replace(/"[^"]*"/g, '')
    .split(/\r\n|\r|\n/)
    .slice(0, SAMPLE_LINES)
    .filter((line) => line.trim() !== '');
  const found = [',', ';', '\t', '|']
    .map((delimiter) => {
      const counts = lines.map((line) => line.split(delimiter).length - 1);
      const usual = mostFrequent(counts.filter((count) => count > 0));
      return { delimiter, usual, lines: counts.filter((count) => count === usual).length };
    })
    .filter(({ usual, lines: alike }) => usual > 0 && alike > lines.length / 2);
  return found.sort((a, b) => b.lines - a.lines || b.usual - a.usual)[0]?.delimiter;
}

function mostFrequent(counts: readonly number[]): number {
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

/** The fault of a file, for the person who named it. @param done what has happened by then */
export function explainFileError(file: string, error: unknown, done: string): unknown {
  if (error instanceof CsvError)
    return new CommandFailed(`${file} can't be read as CSV: ${error.message}. ${done}`);
  if (error instanceof NotText) return new CommandFailed(`${file} can't be read: ${error.message}`);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return new CommandFailed(`${file} can't be read: there is no such file.`);
  if (code === 'EISDIR') return new CommandFailed(`${file} can't be read: it is a folder.`);
  return error;
}
