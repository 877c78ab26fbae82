import { once } from 'node:events';
import { isatty } from 'node:tty';
import Table from 'cli-table3';
import { forTerminal, jsonText, onOneLine, style, escapeControls, type Style } from './terminal.js';

const STYLES = {
  bold: style(1, 22),
  dim: style(2, 22),
  red: style(31, 39),
  green: style(32, 39),
  yellow: style(33, 39),
  cyan: style(36, 39),
};

const plain: Style = (text) => text;

/** Colours on a terminal, none in a pipe, in CI either, or where NO_COLOR is set (https://no-color.org). */
export const colors: Record<keyof typeof STYLES, Style> =
  isatty(1) && !process.env.NO_COLOR
    ? STYLES
    : { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/* All that a command says goes through one of these, so that nothing in it can steer the reader's terminal. */
export const print = (text: string): void => console.log(forTerminal(text));

/** Beside the output: messages, and what went wrong. */
export const printError = (text: string): void => console.error(forTerminal(text));

export const printJson = (value: unknown, space = 2): void => console.log(jsonText(value, space));

/** Lines that end as the format wants it, with a carriage return. Resolves when there is room for more. */
export async function printCsv(text: string): Promise<void> {
  const lines = text.split('\r\n').map(forTerminal);
  if (!process.stdout.write(lines.join('\r\n'))) await once(process.stdout, 'drain');
}

/** It does not see that our colours end, and ends them once more. There is no such sequence in a cell any more. */
const RESET_BY_TABLE = new RegExp(String.raw`\u001b\[\d*m`, 'g');

export type Cell = string | readonly string[];

/** Columns under a heading, without lines: readable, and fit for grep. A line break within a text makes no line. */
export function table(head: string[], rows: readonly (readonly Cell[])[]): string {
  const none = Object.fromEntries(
    ['top', 'bottom', 'mid', 'left', 'right'].flatMap((side) => [
      [side, ''],
      [`${side}-mid`, ''],
    ]),
  );
  const made = new Table({
    head: head.map((text) => colors.dim(escapeControls(text))),
    chars: { ...none, 'top-left': '', 'top-right': '', 'bottom-left': '', 'bottom-right': '', middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => row.map(shown)));
  return made
    .toString()
    .replaceAll(RESET_BY_TABLE, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const shown = (cell: Cell): string =>
  typeof cell === 'string' ? onOneLine(cell) : cell.map(onOneLine).join('\n');
