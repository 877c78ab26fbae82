import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { CommandFailed } from '../../../../terminal/commandFailed.js';
import { csvLine } from '../../../csvLine.js';
import { REJECT_COLUMNS, type ImportColumn } from './importColumns.js';
import type { ImportRow } from './importFile.js';

/** A CSV file with the rows that were refused, which can be corrected and imported itself. */
export interface Rejects {
  path: string;
  count(): number;
  add(row: ImportRow, reason: string): void;
  close(): void;
}

/**
 * The file is created with its first row. It holds personal data, so that only its owner may read it.
 * @param path a new file; by default one beside the imported file
 * @throws CommandFailed if the file exists: it may hold corrections
 */
export function openRejects(
  file: string,
  columns: readonly ImportColumn[],
  path: string = freeName(file),
): Rejects {
  if (existsSync(path)) throw new CommandFailed(`${path} exists already. Name another file by --rejects.`);
  // Those of a rejects file that is imported are replaced.
  const kept = columns.flatMap(({ name }, i) => (REJECT_COLUMNS.some((added) => added === name) ? [] : [i]));
  let opened: number | undefined;
  let count = 0;
  return {
    path,
    count: () => count,
    add({ line, cells }, reason) {
      if (opened === undefined) {
        opened = openSync(path, 'wx', 0o600);
        writeSync(opened, csvLine([...kept.map((i) => columns[i]?.name ?? ''), ...REJECT_COLUMNS]));
      }
      count += 1;
      writeSync(opened, csvLine([...kept.map((i) => cells[i] ?? ''), String(line), reason]));
    },
    close: () => {
      if (opened !== undefined) closeSync(opened);
    },
  };
}

/** `leads.csv.rejects.csv`, `leads.csv.rejects-2.csv`, … */
function freeName(file: string): string {
  for (let number = 1; ; number += 1) {
    const path = `${file}.rejects${number === 1 ? '' : `-${number}`}.csv`;
    if (!existsSync(path)) return path;
  }
}
