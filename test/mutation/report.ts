import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { MutantResult } from '@stryker-mutator/api/core';
import { parse } from 'yaml';

/** Mutants of one file that behave as the code does, and why. */
export interface Equivalent {
  /** The name without its folder, so that a file can move. */
  file: string;
  /** A part of the line that they begin in. */
  line: string;
  /** As `npm run mutation` prints them. */
  mutants: string[];
  reason: string;
}

export interface FileReport {
  path: string;
  mutants: number;
  killed: number;
  equivalent: number;
  /** Mutants that are not equivalent. */
  survived: { line: number; mutant: string }[];
}

export const EQUIVALENTS =
  (parse(readFileSync(new URL('equivalent.yaml', import.meta.url), 'utf8')) as Equivalent[] | null) ?? [];

/** The results by file, and the entries of equivalent.yaml that no mutant of these files needs. */
export function reportOf(results: readonly MutantResult[]): { files: FileReport[]; stale: string[] } {
  const needed = new Set<string>();
  const files = new Map<string, FileReport>();
  for (const { fileName, status, location, ...mutant } of results) {
    if (status === 'Ignored') continue;
    const path = relative('', fileName);
    const file = files.get(path) ?? { path, mutants: 0, killed: 0, equivalent: 0, survived: [] };
    files.set(path, file);
    file.mutants += 1;
    if (status === 'Killed' || status === 'Timeout') {
      file.killed += 1;
      continue;
    }
    const source = readFileSync(path, 'utf8');
    const { line } = location.start;
    const text = mutantText(source, location, mutant.replacement);
    const entry = equivalentTo(path, source.split('\n')[line - 1] ?? '', text);
    if (entry === undefined) file.survived.push({ line, mutant: text });
    else {
      file.equivalent += 1;
      needed.add(nameOf(entry, text));
    }
  }
  const names = new Set([...files.keys()].map((path) => basename(path)));
  const stale = EQUIVALENTS.filter(({ file }) => names.has(file))
    .flatMap((entry) => entry.mutants.map((mutant) => nameOf(entry, mutant)))
    .filter((name) => !needed.has(name));
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), stale };
}

const nameOf = ({ file, line }: Equivalent, mutant: string): string => `${file}: ${mutant} (in ${line})`;

const equivalentTo = (path: string, source: string, text: string): Equivalent | undefined =>
  EQUIVALENTS.find(
    ({ file, line, mutants }) => file === basename(path) && source.includes(line) && mutants.includes(text),
  );

/** `places === 0 → false`, on one line; of a long text the start. */
function mutantText(source: string, { start, end }: MutantResult['location'], replacement: string): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column - 1) ?? '';
  lines[0] = lines[0]?.slice(start.column - 1) ?? '';
  return `${inShort(lines.join(' '))} → ${inShort(replacement)}`;
}

function inShort(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}

/** Of the mutants that are not equivalent, the share that a test kills, percent. */
export const scoreOf = ({ mutants, killed, equivalent }: Counts): number =>
  mutants === equivalent ? 100 : (100 * killed) / (mutants - equivalent);

type Counts = Pick<FileReport, 'mutants' | 'killed' | 'equivalent'>;

export const inAll = (files: readonly Counts[]): Counts =>
  files.reduce(
    (sum, { mutants, killed, equivalent }) => ({
      mutants: sum.mutants + mutants,
      killed: sum.killed + killed,
      equivalent: sum.equivalent + equivalent,
    }),
    { mutants: 0, killed: 0, equivalent: 0 },
  );

/** The cells of one row, for the terminal and for docs/mutation.md. */
export function cellsOf(name: string, counts: Counts): string[] {
  const { mutants, killed, equivalent } = counts;
  const survived = mutants - killed - equivalent;
  return [name, ...[mutants, killed, survived, equivalent].map(String), `${scoreOf(counts).toFixed(1)} %`];
}

export const HEADER = ['file', 'mutants', 'killed', 'survived', 'equivalent', 'score'];

/** The page with a row for each of these files; other files keep their rows as long as they exist. */
export function withTables(page: string, files: readonly FileReport[]): string {
  const now = new Set(files.map(({ path }) => path));
  const kept = rowsIn(page).filter(({ path }) => !now.has(path) && existsSync(path));
  const all = [...kept, ...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const rows = [...all.map((file) => cellsOf(`\`${file.path}\``, file)), cellsOf('in all', inAll(all))];
  const equivalents = EQUIVALENTS.map(({ file, line, mutants, reason }) => [
    `\`${file}\`: ${inCode(line)}`,
    mutants.map(inCode).join('<br>'),
    reason,
  ]);
  return withTable(withTable(page, HEADER, rows), ['in', 'mutants', 'why they behave the same'], equivalents);
}

function rowsIn(page: string): (Counts & { path: string })[] {
  return [...page.matchAll(/^\| *`(src\/[^`]+)` *\|(.*)\|$/gm)].map(([, path = '', rest = '']) => {
    const [mutants = 0, killed = 0, , equivalent = 0] = rest.split('|').map(Number);
    return { path, mutants, killed, equivalent };
  });
}

/** In a table a bar would end the cell. */
const inCode = (text: string): string => `\`\` ${text.replaceAll('|', String.raw`\|`)} \`\``;

function withTable(page: string, header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`;
  const before = new RegExp(String.raw`^\| *${header[0]} *\|.*\n(\|.*\n)*`, 'm');
  const table = line(header) + line(header.map(() => '---')) + rows.map(line).join('');
  if (!before.test(page)) throw new Error(`The page has no table whose first column is ${header[0]}`);
  return page.replace(before, () => table);
}
